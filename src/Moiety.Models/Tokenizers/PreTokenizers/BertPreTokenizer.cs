using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>BertPreTokenizer</c>: what lies between white space, each punctuation mark for itself.</summary>
public sealed class BertPreTokenizer : PreTokenizer
{
    private readonly PatternSplitter _spaces = new(Pattern.Run(UnicodeSets.Space), SplitBehavior.Removed);
    private readonly PatternSplitter _marks = new(Pattern.Run(UnicodeSets.Punctuation, longest: 1), SplitBehavior.Isolated);

    /// <inheritdoc/>
    internal override void Apply(ref WordList words)
    {
        _spaces.Apply(ref words);
        _marks.Apply(ref words);
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "BertPreTokenizer");
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => words.Add(offset, offset + word.Length);
}
