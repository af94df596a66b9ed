namespace Moiety.Cli.Conversation;

/// <summary>A command within a conversation.</summary>
/// <param name="Name">What the user types, with the slash.</param>
/// <param name="Argument">What may follow it, or null.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Run">Does it.</param>
internal sealed record ChatVerb(string Name, string? Argument, string Summary, Action<ChatLoop, string> Run)
{
    /// <summary>What to type.</summary>
    public string Usage => Argument is null ? Name : $"{Name} {Argument}";
}
