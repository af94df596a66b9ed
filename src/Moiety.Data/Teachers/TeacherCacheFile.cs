using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Moiety.Data.Teachers;

/// <summary>
/// The layout of the file: a header (magic, and the key that says what the answers depend on), then one block per sequence: the
/// log-probabilities [positions, top], the remainders [positions], the ids [positions, top], and a
/// checksum (CRC-32C) of all of it. Little-endian.
/// </summary>
internal static class TeacherCacheFile
{
    internal const int HeaderBytes = 64;
    private const ulong Magic = 0x31304854_59544f4d; // "MOTYTH01"
    private const int KeyOffset = 8;

    /// <summary>Path of the file in a folder.</summary>
    internal static string PathOf(string folder, TeacherCacheDescription description) => Path.Combine(folder, $"{description.Key}.teacher");

    /// <summary>The header of a file.</summary>
    internal static byte[] Header(TeacherCacheDescription description)
    {
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        Encoding.ASCII.GetBytes(description.Key, header.AsSpan(KeyOffset));
        return header;
    }

    /// <summary>The checksum of a block, which its last eight bytes hold.</summary>
    internal static ulong Checksum(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> content = block[..^sizeof(ulong)];
        uint sum = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(content);
        foreach (ulong word in words)
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (byte last in content[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, last);
        }

        return ~sum;
    }

    /// <summary>Whether a block is what was written.</summary>
    internal static bool IsIntact(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt64LittleEndian(block[^sizeof(ulong)..]) == Checksum(block);
}
