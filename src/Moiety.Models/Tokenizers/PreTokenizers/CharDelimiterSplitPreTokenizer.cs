using System.Text;
using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>CharDelimiterSplit</c>: what lies between one character.</summary>
/// <param name="delimiter">The character.</param>
public sealed class CharDelimiterSplitPreTokenizer(Rune delimiter) : PreTokenizer
{
    private readonly PatternSplitter _splitter = new(Pattern.Literal(delimiter.ToString()), SplitBehavior.Removed);

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "CharDelimiterSplit");
        writer.WriteString("delimiter", delimiter.ToString());
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => _splitter.Cut(word, offset, ref words);
}
