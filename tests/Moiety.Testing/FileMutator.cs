using System.Buffers.Binary;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>
/// Damages a file as a broken download or an attacker would: flipped bits, cuts, repeats, splices, and edits of numbers
/// both binary (lengths in a header) and decimal (JSON). The same seed gives the same files on every machine, so a test can
/// name the mutation that failed.
/// </summary>
public sealed class FileMutator
{
    private static readonly ulong[] Extremes =
    [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFE0,
    ];

    private static readonly byte[][] Decimals =
    [
        .. new[]
        {
            "0", "-1", "1", "2147483647", "2147483648", "4294967296", "-2147483649", "9223372036854775807", "1e400", "1e9", "0.5",
            "null", "true", "\"\"", "\"x\"", "[]", "{}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\\ud800", "\"\\u0000\"",
        }.Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    private readonly byte[] _original;
    private SplitMix64 _random;

    /// <summary>Starts the series of damaged copies of a file.</summary>
    /// <param name="original">The intact bytes; not empty.</param>
    /// <param name="seed">Picks the series.</param>
    public FileMutator(ReadOnlySpan<byte> original, ulong seed)
    {
        if (original.IsEmpty)
        {
            throw new ArgumentException("There is nothing to damage in an empty file.", nameof(original));
        }

        _original = original.ToArray();
        _random = new SplitMix64(seed);
    }

    /// <summary>The next damaged copy: one to four mutations. It may, rarely, equal the original.</summary>
    public byte[] Next()
    {
        byte[] file = [.. _original];
        int mutations = 1 + Below(4);
        for (int i = 0; i < mutations && file.Length > 0; i++)
        {
            file = Mutate(file);
        }

        return file;
    }

    private byte[] Mutate(byte[] file)
    {
        switch (Below(9))
        {
            case 0:
                file[Position(file)] ^= (byte)(1 << Below(8));
                return file;
            case 1:
                file[Position(file)] = (byte)Below(256);
                return file;
            case 2:
                return file[..Position(file)];
            case 3:
                return Replace(file, Position(file), 1 + Below(Math.Min(64, file.Length)), []);
            case 4:
                int from = Position(file);
                int length = Math.Min(1 + Below(64), file.Length - from);
                return Replace(file, Position(file), 0, file[from..(from + length)]);
            case 5:
                from = Position(file);
                length = Math.Min(1 + Below(64), file.Length - from);
                return Replace(file, Position(file), length, file[from..(from + length)]);
            case 6:
                WriteNumber(file);
                return file;
            case 7:
                return EditDecimal(file);
            default:
                byte[] noise = new byte[1 + Below(16)];
                for (int i = 0; i < noise.Length; i++)
                {
                    noise[i] = (byte)Below(256);
                }

                return Replace(file, Position(file), 0, noise);
        }
    }

    // Headers are where lengths and offsets are, so half of all edits fall into the first 256 bytes.
    private int Position(byte[] file) => Below(2) == 0 ? Below(Math.Min(256, file.Length)) : Below(file.Length);

    private void WriteNumber(byte[] file)
    {
        int at = Position(file);
        ulong value = Extremes[Below(Extremes.Length)];
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        int width = Math.Min(1 << Below(4), file.Length - at);
        bytes[..width].CopyTo(file.AsSpan(at));
    }

    private byte[] EditDecimal(byte[] file)
    {
        int start = Array.FindIndex(file, Position(file), static b => char.IsAsciiDigit((char)b));
        if (start < 0)
        {
            return file;
        }

        int end = start;
        while (end < file.Length && char.IsAsciiDigit((char)file[end]))
        {
            end++;
        }

        return Replace(file, start, end - start, Decimals[Below(Decimals.Length)]);
    }

    private static byte[] Replace(byte[] file, int at, int remove, byte[] insert)
    {
        remove = Math.Min(remove, file.Length - at);
        return [.. file.AsSpan(0, at), .. insert, .. file.AsSpan(at + remove)];
    }

    private int Below(int bound) => (int)(_random.Next() % (ulong)bound);
}
