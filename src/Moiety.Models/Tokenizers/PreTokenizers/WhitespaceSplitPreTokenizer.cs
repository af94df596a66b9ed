using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>WhitespaceSplit</c>: what lies between white space.</summary>
public sealed class WhitespaceSplitPreTokenizer : PreTokenizer
{
    private readonly PatternSplitter _splitter = new(Pattern.Run(UnicodeSets.Space), SplitBehavior.Removed);

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "WhitespaceSplit");
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => _splitter.Cut(word, offset, ref words);
}
