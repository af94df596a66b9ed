namespace Moiety.Data.Corpora;

/// <summary>One text of a corpus and where it came from.</summary>
/// <param name="Text">The text, without separators.</param>
/// <param name="File">The file that holds it.</param>
/// <param name="Line">The line, counted from 1, at which it starts.</param>
public readonly record struct CorpusDocument(string Text, string File, long Line)
{
    /// <summary>What the corpus says of the text; null for plain text.</summary>
    public DocumentLabels? Labels { get; init; }
}
