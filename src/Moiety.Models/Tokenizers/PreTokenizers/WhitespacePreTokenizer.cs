using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>Whitespace</c>: runs of word characters and runs of other characters, without the white space between them.</summary>
public sealed class WhitespacePreTokenizer : PreTokenizer
{
    // The library asks another engine here, whose \w is that of Unicode's Annex C: joiners too, but no numbers of Latin-1.
    private static readonly CharacterSet Word = UnicodeSets.Word.Except(UnicodeSets.Property("No")!).Union(CharacterSet.Of("\u200c\u200d"));

    private readonly PatternSplitter _spaces = new(Pattern.Run(UnicodeSets.Space), SplitBehavior.Removed);
    private readonly PatternSplitter _words = new(Pattern.Run(Word), SplitBehavior.Isolated);

    /// <inheritdoc/>
    internal override void Apply(ref WordList words)
    {
        _spaces.Apply(ref words);
        _words.Apply(ref words);
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Whitespace");
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => words.Add(offset, offset + word.Length);
}
