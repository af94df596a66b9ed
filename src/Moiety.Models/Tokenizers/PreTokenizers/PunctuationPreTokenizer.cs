using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>Punctuation</c>: splits at punctuation, which is Unicode's and all of ASCII's marks.</summary>
/// <param name="behavior">What becomes of it.</param>
public sealed class PunctuationPreTokenizer(SplitBehavior behavior = SplitBehavior.Isolated) : PreTokenizer
{
    private readonly PatternSplitter _splitter = new(Pattern.Run(UnicodeSets.Punctuation, longest: 1), behavior);

    /// <inheritdoc/>
    internal override string? Isolates => behavior switch
    {
        SplitBehavior.Isolated => KnownPatterns.Punctuation,
        SplitBehavior.Contiguous => KnownPatterns.Punctuation + "+",
        _ => null,
    };

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Punctuation");
        writer.WriteString("behavior", behavior.ToString());
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => _splitter.Cut(word, offset, ref words);
}
