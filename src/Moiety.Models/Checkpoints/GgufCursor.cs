using System.Buffers.Binary;
using System.Text;

namespace Moiety.Models.Checkpoints;

/// <summary>Reads the header of a GGUF file from front to back; every read is checked against the end of the file.</summary>
internal sealed class GgufCursor(MappedFile file)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The next byte to read.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes left in the file.</summary>
    public long Remaining => file.Length - Position;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="InvalidCheckpointException">The file ends before.</exception>
    public ReadOnlySpan<byte> Take(string field, long count)
    {
        if (count < 0 || count > Remaining || count > Array.MaxLength)
        {
            throw new InvalidCheckpointException(file.Path, field, $"it needs {(ulong)count} bytes at offset {Position}, the file ends at {file.Length} (truncated?)");
        }

        ReadOnlySpan<byte> bytes = file.Bytes(Position, (int)count);
        Position += count;
        return bytes;
    }

    /// <summary>Reads 32 bits, unsigned.</summary>
    public uint UInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(field, 4));

    /// <summary>Reads 64 bits, unsigned.</summary>
    public ulong UInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(field, 8));

    /// <summary>Reads a number of items of which each takes at least some bytes, so that a false one cannot cause a large allocation.</summary>
    public int Count(string field, int leastBytesOfItem)
    {
        ulong count = UInt64(field);
        return count <= (ulong)(Remaining / leastBytesOfItem) && count <= (ulong)Array.MaxLength
            ? (int)count
            : throw new InvalidCheckpointException(file.Path, field, $"{count} items do not fit the {Remaining} bytes that are left (truncated?)");
    }

    /// <summary>Reads a text that names something: valid UTF-8, not empty, not long.</summary>
    public string Name(string field, int maxBytes)
    {
        ulong length = UInt64(field);
        if (length == 0 || length > (ulong)maxBytes)
        {
            throw new InvalidCheckpointException(file.Path, field, $"the name has {length} bytes, allowed are 1 to {maxBytes}");
        }

        try
        {
            return Strict.GetString(Take(field, (long)length));
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidCheckpointException(file.Path, field, "the name is not valid UTF-8");
        }
    }

    /// <summary>Reads a text. Broken UTF-8 becomes U+FFFD: descriptions in the wild have it.</summary>
    public string Text(string field)
    {
        ulong length = UInt64(field);
        return length <= (ulong)Remaining
            ? Encoding.UTF8.GetString(Take(field, (long)length))
            : throw new InvalidCheckpointException(file.Path, field, $"the text has {length} bytes, the file only {Remaining} more (truncated?)");
    }
}
