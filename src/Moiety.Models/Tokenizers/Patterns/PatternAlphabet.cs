using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>
/// The code points as a pattern sees them: those that are in exactly the same of its sets are one class. A byte that is not UTF-8 counts
/// as U+FFFD.
/// </summary>
internal sealed class PatternAlphabet
{
    private const int Most = 250;
    private const int PageBits = 8;
    private readonly byte[] _ascii = new byte[128];
    private readonly ushort[] _pages = new ushort[CharacterSet.CodePoints >> PageBits];
    private readonly byte[] _classes;
    private readonly List<bool[]> _members = [];

    /// <summary>Divides the code points.</summary>
    /// <exception cref="PatternException">There are too many classes.</exception>
    public PatternAlphabet(IEnumerable<CharacterSet> sets)
    {
        CharacterSet[] all = Distinct(sets);
        List<(int Start, byte Class)> segments = Divide(all);
        _classes = FillPages(segments);
        for (int c = 0; c < _ascii.Length; c++)
        {
            _ascii[c] = OfCodePoint(c);
        }

        Sets = all;
    }

    /// <summary>Number of classes. The number itself stands for the end (or start) of the text.</summary>
    public int Count => _members.Count;

    /// <summary>The different sets.</summary>
    public IReadOnlyList<CharacterSet> Sets { get; }

    /// <summary>Classes of the ASCII characters.</summary>
    public ReadOnlySpan<byte> Ascii => _ascii;

    /// <summary>Whether the characters of a class are in a set, by the number of the set.</summary>
    public bool IsIn(int value, int set) => _members[value][set];

    /// <summary>Class and length in bytes of the character at a position.</summary>
    public int At(ReadOnlySpan<byte> text, int position, out int length)
    {
        byte first = text[position];
        if (first < 0x80)
        {
            length = 1;
            return _ascii[first];
        }

        if (first is >= 0xC2 and < 0xE0 && position + 1 < text.Length && (text[position + 1] & 0xC0) == 0x80)
        {
            length = 2;
            return OfCodePoint(((first & 0x1F) << 6) | (text[position + 1] & 0x3F));
        }

        Rune.DecodeFromUtf8(text[position..], out Rune rune, out length);
        return OfCodePoint(rune.Value);
    }

    private static CharacterSet[] Distinct(IEnumerable<CharacterSet> sets)
    {
        List<CharacterSet> distinct = [];
        foreach (CharacterSet set in sets)
        {
            if (!distinct.Any(set.Same))
            {
                distinct.Add(distinct.Count < Most ? set : throw new PatternException($"it has more than {Most} different sets of characters"));
            }
        }

        return [.. distinct];
    }

    // Sweeps over the borders of all sets; the sets that cover a segment are its signature.
    private List<(int Start, byte Class)> Divide(CharacterSet[] sets)
    {
        (int At, int Set)[] borders = [.. sets.SelectMany(static (set, number) => set.Borders.Select(border => (border, number))).Order()];
        Dictionary<string, byte> classes = new(StringComparer.Ordinal);
        List<(int, byte)> segments = [];
        char[] signature = new char[sets.Length];
        int next = 0;
        for (int start = 0; start < CharacterSet.CodePoints;)
        {
            for (; next < borders.Length && borders[next].At == start; next++)
            {
                signature[borders[next].Set] ^= '\u0001';
            }

            string key = new(signature);
            if (!classes.TryGetValue(key, out byte value))
            {
                value = _members.Count < Most ? (byte)_members.Count : throw new PatternException($"it tells more than {Most} classes of characters apart");
                classes.Add(key, value);
                _members.Add([.. signature.Select(static mark => mark != 0)]);
            }

            segments.Add((start, value));
            start = next < borders.Length ? borders[next].At : CharacterSet.CodePoints;
        }

        return segments;
    }

    // Pages of one class only are shared.
    private byte[] FillPages(List<(int Start, byte Class)> segments)
    {
        ArrayBufferWriter<byte> classes = new();
        Dictionary<byte, ushort> uniform = [];
        int segment = 0;
        ushort count = 0;
        for (int page = 0; page < _pages.Length; page++)
        {
            int start = page << PageBits;
            int end = start + (1 << PageBits);
            while (segment + 1 < segments.Count && segments[segment + 1].Start <= start)
            {
                segment++;
            }

            bool isUniform = segment + 1 == segments.Count || segments[segment + 1].Start >= end;
            byte value = segments[segment].Class;
            if (isUniform && uniform.TryGetValue(value, out _pages[page]))
            {
                continue;
            }

            Span<byte> fresh = classes.GetSpan(1 << PageBits)[..(1 << PageBits)];
            for (int at = start, current = segment; at < end; at++)
            {
                current += current + 1 < segments.Count && segments[current + 1].Start == at ? 1 : 0;
                fresh[at - start] = segments[current].Class;
            }

            classes.Advance(1 << PageBits);
            _pages[page] = count;
            if (isUniform)
            {
                uniform.Add(value, count);
            }

            count++;
        }

        return classes.WrittenSpan.ToArray();
    }

    private byte OfCodePoint(int value) => _classes[(_pages[value >> PageBits] << PageBits) | (value & ((1 << PageBits) - 1))];
}
