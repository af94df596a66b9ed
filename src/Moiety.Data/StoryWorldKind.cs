using Moiety.Data.Documents;

namespace Moiety.Data;

/// <summary>A kind of document that the story world can write.</summary>
/// <param name="Name">The name that <see cref="StoryWorldOptions.Kinds"/> takes.</param>
/// <param name="Description">What such a document is.</param>
/// <param name="DefaultWeight">Its weight unless the user says otherwise.</param>
public sealed record StoryWorldKind(string Name, string Description, int DefaultWeight)
{
    /// <summary>Every kind.</summary>
    public static IReadOnlyList<StoryWorldKind> All { get; } =
        [.. DocumentKind.All.Select(kind => new StoryWorldKind(kind.Name, kind.Description, kind.DefaultWeight))];
}
