using System.Buffers.Binary;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The header of llama2.c's <c>.bin</c>: seven 32-bit numbers, preceded by a magic and a version in all but the first version.
/// </summary>
internal readonly record struct Llama2CHeader(
    int Version, int Hidden, int Intermediate, int Layers, int Heads, int KeyValueHeads, int Vocabulary, int Context, bool SharedHead, int GroupSize)
{
    /// <summary>The first four bytes of all versions but 0, "ak42".</summary>
    public const uint Magic = 0x616B3432;

    private const int LegacyBytes = 7 * sizeof(int);
    private const int HeaderBytes = 256;

    /// <summary>Where the weights begin.</summary>
    public int DataStart => Version == 0 ? LegacyBytes : HeaderBytes;

    /// <summary>Reads the header.</summary>
    /// <exception cref="InvalidCheckpointException">The file is too short, or of another version.</exception>
    public static Llama2CHeader Read(MappedFile file)
    {
        if (file.Length < LegacyBytes)
        {
            throw new InvalidCheckpointException(file.Path, "header", $"the file has {file.Length} bytes, llama2.c's smallest header {LegacyBytes} (truncated?)");
        }

        ReadOnlySpan<byte> start = file.Bytes(0, (int)Math.Min(file.Length, HeaderBytes));
        if (BinaryPrimitives.ReadUInt32LittleEndian(start) != Magic)
        {
            // The sign of the vocabulary says whether the output head is the embedding.
            int vocabulary = Number(start, 5);
            return new Llama2CHeader(0, Number(start, 0), Number(start, 1), Number(start, 2), Number(start, 3), Number(start, 4),
                vocabulary == int.MinValue ? 0 : Math.Abs(vocabulary), Number(start, 6), vocabulary > 0, 0);
        }

        int version = Number(start, 1);
        if (version is not (1 or 2))
        {
            throw new InvalidCheckpointException(file.Path, "version", $"found {version}; llama2.c's versions 0, 1 and 2 are supported");
        }

        if (start.Length < HeaderBytes)
        {
            throw new InvalidCheckpointException(file.Path, "header", $"the file has {file.Length} bytes, the header {HeaderBytes} (truncated?)");
        }

        int group = version == 2 ? BinaryPrimitives.ReadInt32LittleEndian(start[37..]) : 0;
        return new Llama2CHeader(
            version, Number(start, 2), Number(start, 3), Number(start, 4), Number(start, 5), Number(start, 6), Number(start, 7), Number(start, 8), start[36] != 0, group);
    }

    private static int Number(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadInt32LittleEndian(bytes[(index * sizeof(int))..]);
}
