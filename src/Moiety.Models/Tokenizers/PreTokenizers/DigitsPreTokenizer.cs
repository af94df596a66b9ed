using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>Digits</c>: sets numbers apart.</summary>
/// <param name="individual">Whether each digit is a word of its own.</param>
public sealed class DigitsPreTokenizer(bool individual = false) : PreTokenizer
{
    private readonly PatternSplitter _splitter = new(Pattern.Parse(individual ? KnownPatterns.Number : KnownPatterns.Number + "+"), SplitBehavior.Isolated);

    /// <inheritdoc/>
    internal override string Isolates => _splitter.Pattern.Text;

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Digits");
        writer.WriteBoolean("individual_digits", individual);
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => _splitter.Cut(word, offset, ref words);
}
