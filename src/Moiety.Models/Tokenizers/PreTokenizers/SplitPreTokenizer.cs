using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>Split</c>: splits at the matches of a regular expression or of a text.</summary>
public sealed class SplitPreTokenizer : PreTokenizer
{
    private readonly string _text;
    private readonly bool _isRegex;
    private readonly SplitBehavior _behavior;
    private readonly bool _invert;
    private readonly PatternSplitter _splitter;

    /// <summary>Creates the component.</summary>
    /// <param name="regex">A regular expression in the dialect of the <c>tokenizers</c> library.</param>
    /// <param name="behavior">What becomes of the matches.</param>
    /// <param name="invert">Whether what lies between the matches counts as a match, and the other way round.</param>
    /// <exception cref="InvalidInputException">The expression is malformed, or uses what is not supported.</exception>
    public SplitPreTokenizer(string regex, SplitBehavior behavior = SplitBehavior.Isolated, bool invert = false)
        : this(regex, isRegex: true, behavior, invert)
    {
    }

    private SplitPreTokenizer(string text, bool isRegex, SplitBehavior behavior, bool invert)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
        _isRegex = isRegex;
        _behavior = behavior;
        _invert = invert;
        _splitter = new PatternSplitter(isRegex ? Parse(text) : Pattern.Literal(text), behavior, invert);
    }

    /// <inheritdoc/>
    internal override string? Isolates => _behavior == SplitBehavior.Isolated || (_behavior == SplitBehavior.Removed && _invert && IsTotal)
        ? _splitter.Pattern.Text
        : null;

    // The last alternatives of the usual patterns leave nothing over, so that removing the rest removes nothing.
    private bool IsTotal => _isRegex && _text.EndsWith(@"|\s+(?!\S)|\s+", StringComparison.Ordinal);

    /// <summary>Splits at a text as it is.</summary>
    /// <param name="text">The text; not empty.</param>
    /// <param name="behavior">What becomes of the matches.</param>
    /// <param name="invert">Whether what lies between the matches counts as a match, and the other way round.</param>
    public static SplitPreTokenizer AtText(string text, SplitBehavior behavior, bool invert = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return new SplitPreTokenizer(text, isRegex: false, behavior, invert);
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Split");
        writer.WriteStartObject("pattern");
        writer.WriteString(_isRegex ? "Regex" : "String", _text);
        writer.WriteEndObject();
        writer.WriteString("behavior", _behavior.ToString());
        writer.WriteBoolean("invert", _invert);
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => _splitter.Cut(word, offset, ref words);

    private static Pattern Parse(string regex)
    {
        try
        {
            return Pattern.Parse(regex);
        }
        catch (PatternException error)
        {
            throw new InvalidInputException($"The regular expression {regex} cannot be used: {error.Message}.", error);
        }
    }
}
