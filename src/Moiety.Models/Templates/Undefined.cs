namespace Moiety.Models.Templates;

/// <summary>The value of a name that nobody set: prints as nothing, counts as false, has no items; anything else is an error.</summary>
internal sealed class Undefined(string name)
{
    /// <summary>What was looked for, for messages.</summary>
    public string Name => name;
}
