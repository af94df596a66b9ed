using System.Text;
using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// <c>Replace</c>: something else in place of every occurrence of a text or of a regular expression. Expressions that may match nothing
/// are refused.
/// </summary>
public sealed class ReplaceNormalizer : Normalizer
{
    private readonly byte[] _from;
    private readonly byte[] _to;
    private readonly Pattern? _regex;
    private readonly byte? _run;

    private ReplaceNormalizer(string pattern, Pattern? regex, string content)
    {
        Pattern = pattern;
        Content = content;
        _regex = regex;
        _from = Encoding.UTF8.GetBytes(pattern);
        _to = Encoding.UTF8.GetBytes(content);

        // The expression that every conversion of a SentencePiece model has needs no machinery.
        _run = regex is not null && pattern == " {2,}" ? (byte)' ' : null;
    }

    /// <summary>What is replaced.</summary>
    public string Pattern { get; }

    /// <summary>Whether the pattern is a regular expression.</summary>
    public bool IsRegex => _regex is not null;

    /// <summary>What takes its place.</summary>
    public string Content { get; }

    /// <summary>Replaces a text.</summary>
    /// <exception cref="InvalidInputException">The text is empty.</exception>
    public static ReplaceNormalizer OfText(string text, string content) =>
        text.Length > 0 ? new ReplaceNormalizer(text, null, content) : throw new InvalidInputException("Replace needs a pattern that is not empty.");

    /// <summary>Replaces what a regular expression matches.</summary>
    /// <exception cref="InvalidInputException">The expression is malformed or not supported.</exception>
    public static ReplaceNormalizer OfRegex(string pattern, string content)
    {
        try
        {
            Pattern regex = Patterns.Pattern.Parse(pattern);
            return regex.Scan([]).TryNext(out _, out _)
                ? throw new InvalidInputException($"The regular expression {pattern} is not supported: it matches an empty text.")
                : new ReplaceNormalizer(pattern, regex, content);
        }
        catch (PatternException error)
        {
            throw new InvalidInputException($"The regular expression {pattern} cannot be used: {error.Message}.", error);
        }
    }

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        if (_run is byte run)
        {
            ReplaceRuns(text, run, ref output);
            return;
        }

        if (_regex is not null)
        {
            ReplaceRegex(text, ref output);
            return;
        }

        while (text.IndexOf(_from) is >= 0 and int at)
        {
            output.Add(text[..at]);
            output.Add(_to);
            text = text[(at + _from.Length)..];
        }

        output.Add(text);
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Replace");
        writer.WriteStartObject("pattern");
        writer.WriteString(IsRegex ? "Regex" : "String", Pattern);
        writer.WriteEndObject();
        writer.WriteString("content", Content);
    }

    private void ReplaceRuns(ReadOnlySpan<byte> text, byte value, ref ByteBuffer output)
    {
        while (text.IndexOf([value, value]) is >= 0 and int at)
        {
            output.Add(text[..at]);
            output.Add(_to);
            ReadOnlySpan<byte> rest = text[at..];
            int end = rest.IndexOfAnyExcept(value);
            text = end < 0 ? [] : rest[end..];
        }

        output.Add(text);
    }

    // Bytes that are not UTF-8 pass, so each stretch between them is its own text for the expression.
    private void ReplaceRegex(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            int valid = ValidLength(text);
            ReadOnlySpan<byte> part = text[..valid];
            PatternScan scan = _regex!.Scan(part);
            int last = 0;
            while (scan.TryNext(out int start, out int end))
            {
                output.Add(part[last..start]);
                output.Add(_to);
                last = end;
            }

            scan.Dispose();
            output.Add(part[last..]);
            text = text[valid..];
            if (!text.IsEmpty)
            {
                output.Add(text[0]);
                text = text[1..];
            }
        }
    }
}
