namespace Moiety.Data;

/// <summary>A document of the story world: its text and the truth behind it.</summary>
/// <param name="Id">Unique in a corpus: seed, index, and a suffix where an index gives several documents.</param>
/// <param name="Kind">The kind of document, a name that <see cref="StoryWorldOptions.Kinds"/> takes.</param>
/// <param name="Text">The text, with line feeds between its lines and none at its end.</param>
/// <param name="Register"><c>plain</c>, <c>polite</c> or <c>rude</c>.</param>
/// <param name="Language"><c>English</c>, or the toy language that the document is about.</param>
public sealed record StoryDocument(string Id, string Kind, string Text, string Register = "plain", string Language = "English")
{
    /// <summary>What happened, in order.</summary>
    public IReadOnlyList<StoryEvent> Events { get; init; } = [];

    /// <summary>The questions that the text asks, in its order.</summary>
    public IReadOnlyList<StoryQuestion> Questions { get; init; } = [];

    /// <summary>The people with a group and a trait.</summary>
    public IReadOnlyList<StoryGroup> Groups { get; init; } = [];

    /// <summary>The aligned sentences of a toy language.</summary>
    public IReadOnlyList<StoryTranslation> Translations { get; init; } = [];
}
