using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// What a SentencePiece model does to text before it marks spaces: the rule of the longest beginning, again and again, then, if it is
/// set to, no spaces at the ends and single ones within. In a <c>tokenizer.json</c> it becomes a sequence of normalizers that does the
/// same for all but unusual combinations of characters (see <see cref="PrecompiledNormalizer"/>).
/// </summary>
/// <param name="map">The rules, or null.</param>
public sealed class SentencePieceNormalizer(CharacterMap? map) : Normalizer
{
    /// <summary>The rules, or null.</summary>
    public CharacterMap? Map => map;

    /// <summary>Whether spaces at the ends are dropped and runs of them become one.</summary>
    public bool RemoveExtraWhitespaces { get; init; } = true;

    /// <summary>Whether spaces are marked with U+2581 afterwards.</summary>
    public bool EscapesWhitespaces { get; init; } = true;

    /// <summary>Tokens that no rule applies to, as they stand in text; of those that begin at one place the longest counts.</summary>
    public IReadOnlyList<string> Verbatim
    {
        get;
        init
        {
            field = value;
            _verbatim = value.Count == 0 ? null : new ByteTrie(value.Select(text => (Encoding.UTF8.GetBytes(text), 0)));
        }
    }

    = [];

    private readonly ByteTrie? _verbatim;

    private static ReadOnlySpan<byte> TwoSpaces => "  "u8;

    /// <summary>Whether there is nothing to do.</summary>
    internal bool IsIdentity => map is null && !RemoveExtraWhitespaces;

    /// <summary>
    /// The normalizer of a SentencePiece model that another one stands for: itself, or the sequence that it is written as; null for others.
    /// </summary>
    internal static SentencePieceNormalizer? TryUnderstand(Normalizer normalizer)
    {
        if (normalizer is SentencePieceNormalizer own)
        {
            return own;
        }

        CharacterMap? map = null;
        bool strips = false;
        bool merges = false;
        foreach (Normalizer stage in normalizer is SequenceNormalizer sequence ? [.. sequence.Normalizers] : (Normalizer[])[normalizer])
        {
            switch (stage)
            {
                case PrecompiledNormalizer precompiled when map is null:
                    map = precompiled.Map;
                    break;
                case StripNormalizer { Right: true }:
                    strips = true;
                    break;
                case ReplaceNormalizer { IsRegex: true, Pattern: " {2,}", Content: " " or "\u2581" }:
                    merges = true;
                    break;
                default:
                    return null;
            }
        }

        return strips == merges ? new SentencePieceNormalizer(map) { RemoveExtraWhitespaces = merges } : null;
    }

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        int start = output.Bytes.Length;
        bool spaceBefore = RemoveExtraWhitespaces;
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> part = TakePlain(ref text);
            part = part.IsEmpty ? Take(ref text) : part;
            while (spaceBefore && part is [(byte)' ', ..])
            {
                part = part[1..];
            }

            if (!part.IsEmpty)
            {
                output.Add(part);
                spaceBefore = RemoveExtraWhitespaces && part[^1] == ' ';
            }
        }

        while (RemoveExtraWhitespaces && TrailingSpace(output.Bytes[start..]) is > 0 and int space)
        {
            output.Truncate(output.Bytes.Length - space);
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        List<Normalizer> stages = map is null ? [] : [new PrecompiledNormalizer(map)];
        if (RemoveExtraWhitespaces)
        {
            stages.AddRange([new StripNormalizer(left: true, right: true), ReplaceNormalizer.OfRegex(" {2,}", " ")]);
        }

        new SequenceNormalizer([.. stages]).Write(writer);
    }

    // Text that nothing happens to, up to a space that may be one too many.
    private ReadOnlySpan<byte> TakePlain(ref ReadOnlySpan<byte> text)
    {
        if (_verbatim is not null)
        {
            return [];
        }

        int length = map is not null ? map.PlainLength(text)
            : text.IndexOfAnyInRange((byte)0x80, (byte)0xFF) is >= 0 and int other ? other
            : text.Length;
        int space = RemoveExtraWhitespaces ? text[..length].IndexOf(TwoSpaces) : -1;
        length = space < 0 ? length : space + 1;
        ReadOnlySpan<byte> part = text[..length];
        text = text[length..];
        return part;
    }

    // Marks that were in the text already count like the spaces that will be marked.
    private int TrailingSpace(ReadOnlySpan<byte> text) =>
        text is [.., (byte)' '] ? 1 : EscapesWhitespaces && text.EndsWith("\u2581"u8) ? 3 : 0;

    private ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> part;
        if (_verbatim?.Longest(text).Length is > 0 and int verbatim)
        {
            part = text[..verbatim];
            text = text[verbatim..];
        }
        else if (map is not null && map.TryReplaceLongest(text, out int replaced, out part))
        {
            text = text[replaced..];
        }
        else
        {
            OperationStatus status = Rune.DecodeFromUtf8(text, out _, out int length);
            length = status == OperationStatus.Done ? length : 1;
            part = text[..length];
            text = text[length..];
        }

        return part;
    }
}
