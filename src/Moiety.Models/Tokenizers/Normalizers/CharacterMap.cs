using System.Buffers.Binary;
using System.Text.Unicode;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's <c>precompiled_charsmap</c>: what byte strings are replaced by. A count of bytes (uint32), a double array (uint32
/// units, XOR-addressed as in Darts-clone), then the replacements, each ended by a zero byte. Every index is checked.
/// </summary>
public sealed class CharacterMap
{
    // The largest published map, nmt_nfkc_cf, has 0.3 MB.
    private const int LargestMap = 16 << 20;

    private readonly uint[] _units;
    private readonly byte[] _replacements;
    private readonly bool[] _plain = new bool[128];

    /// <summary>Reads a map.</summary>
    /// <exception cref="InvalidInputException">It is malformed.</exception>
    public CharacterMap(ReadOnlyMemory<byte> contents)
    {
        ReadOnlySpan<byte> bytes = contents.Span;
        if (bytes.Length is < 4 or > LargestMap)
        {
            throw new InvalidInputException($"The precompiled_charsmap has {bytes.Length} bytes; from 4 to {LargestMap} are supported.");
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length % 4 != 0 || length == 0 || length > bytes.Length - 4)
        {
            throw new InvalidInputException($"The precompiled_charsmap says that its trie has {length} bytes of {bytes.Length - 4}.");
        }

        _units = new uint[length / 4];
        for (int i = 0; i < _units.Length; i++)
        {
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + (4 * i))..]);
        }

        _replacements = bytes[(4 + (int)length)..].ToArray();
        if (!Utf8.IsValid(_replacements))
        {
            throw new InvalidInputException("The replacements of the precompiled_charsmap are not UTF-8.");
        }

        Contents = contents.ToArray();
        for (int first = 0; first < _plain.Length; first++)
        {
            _plain[first] = IsPlain((byte)first);
        }
    }

    /// <summary>The map as it stands in files.</summary>
    public ReadOnlyMemory<byte> Contents { get; }

    /// <summary>How many bytes at the start of a text no rule can apply to, as far as that is quickly seen: ASCII.</summary>
    internal int PlainLength(ReadOnlySpan<byte> text)
    {
        // What follows the last of them may be a mark that a rule puts together with it.
        int length = 0;
        while (length < text.Length && text[length] < 0x80 && _plain[text[length]])
        {
            length++;
        }

        return length == text.Length || (length > 0 && text[length] < 0x80) ? length : Math.Max(0, length - 1);
    }

    /// <summary>Finds the rule of the longest beginning of a text.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="length">Length of that beginning.</param>
    /// <param name="replacement">What takes its place.</param>
    internal bool TryReplaceLongest(ReadOnlySpan<byte> text, out int length, out ReadOnlySpan<byte> replacement) =>
        TryReplace(text, shortest: false, out length, out replacement);

    /// <summary>Finds the rule of the shortest beginning of a text.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="replacement">What takes its place.</param>
    internal bool TryReplaceShortest(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement) =>
        TryReplace(text, shortest: true, out _, out replacement);

    // No rule for the character alone, and none that goes on with ASCII.
    private bool IsPlain(byte first)
    {
        if (first == 0)
        {
            return true;
        }

        uint position = Offset(_units[0]) ^ first;
        if (position >= (uint)_units.Length || (_units[position] & ((1u << 31) | 0xFF)) != first)
        {
            return true;
        }

        if ((_units[position] & (1u << 8)) != 0)
        {
            return false;
        }

        uint children = position ^ Offset(_units[position]);
        for (uint next = 1; next < 0x80; next++)
        {
            uint child = children ^ next;
            if (child < (uint)_units.Length && (_units[child] & ((1u << 31) | 0xFF)) == next)
            {
                return false;
            }
        }

        return true;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);

    private bool TryReplace(ReadOnlySpan<byte> text, bool shortest, out int length, out ReadOnlySpan<byte> replacement)
    {
        length = 0;
        uint found = 0;
        uint position = Offset(_units[0]);
        for (int i = 0; i < text.Length && text[i] != 0; i++)
        {
            position ^= text[i];
            if (position >= (uint)_units.Length || (_units[position] & ((1u << 31) | 0xFF)) != text[i])
            {
                break;
            }

            uint unit = _units[position];
            position ^= Offset(unit);
            if ((unit & (1u << 8)) == 0)
            {
                continue;
            }

            if (position >= (uint)_units.Length)
            {
                break;
            }

            length = i + 1;
            found = _units[position] & ((1u << 31) - 1);
            if (shortest)
            {
                break;
            }
        }

        replacement = length > 0 ? At(found) : default;
        return length > 0;
    }

    // A hostile map may point into the middle of a character; the result is then not UTF-8, which everything downstream accepts.
    private ReadOnlySpan<byte> At(uint start)
    {
        if (start >= (uint)_replacements.Length)
        {
            return [];
        }

        ReadOnlySpan<byte> rest = _replacements.AsSpan((int)start);
        int end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }
}
