using System.Buffers.Binary;
using System.Text;

namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>
/// The directory of a ZIP file whose entries are stored without compression, as PyTorch writes them, so that they can be mapped:
/// where each entry's bytes are. Lengths and offsets are checked against the file, and no two entries may share bytes.
/// See https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
/// </summary>
internal sealed class ZipIndex
{
    private const uint LocalHeader = 0x04034B50;
    private const uint DirectoryHeader = 0x02014B50;
    private const uint DirectoryEnd = 0x06054B50;
    private const uint DirectoryEnd64 = 0x06064B50;
    private const uint Locator64 = 0x07064B50;
    private const int LocalHeaderBytes = 30;
    private const int DirectoryHeaderBytes = 46;
    private const int DirectoryEndBytes = 22;
    private const int MaxCommentBytes = ushort.MaxValue;
    private const int ExtraOfZip64 = 1;
    private const int Encrypted = 1;
    private readonly MappedFile _file;
    private readonly Dictionary<string, (long Offset, long Length)> _entries = new(StringComparer.Ordinal);

    private ZipIndex(MappedFile file) => _file = file;

    /// <summary>The first four bytes of such a file, little-endian.</summary>
    public static uint Magic => LocalHeader;

    /// <summary>Where the bytes of each entry are.</summary>
    public IReadOnlyDictionary<string, (long Offset, long Length)> Entries => _entries;

    /// <summary>Reads the directory.</summary>
    /// <exception cref="InvalidCheckpointException">It is malformed, or an entry is compressed or encrypted.</exception>
    public static ZipIndex Read(MappedFile file)
    {
        ZipIndex index = new(file);
        (long start, long length, long count) = index.FindDirectory();
        index.ReadDirectory(start, length, count);
        index.RefuseOverlaps(start);
        return index;
    }

    private (long Start, long Length, long Count) FindDirectory()
    {
        // The end record is followed by a comment only.
        long last = _file.Length - DirectoryEndBytes;
        for (long at = last; at >= Math.Max(0, last - MaxCommentBytes); at--)
        {
            ReadOnlySpan<byte> end = _file.Bytes(at, DirectoryEndBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) != DirectoryEnd)
            {
                continue;
            }

            long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
            long length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
            long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
            if (count == ushort.MaxValue || length == uint.MaxValue || start == uint.MaxValue)
            {
                (start, length, count) = FindDirectory64(at);
            }

            return start >= 0 && length >= 0 && start <= at - length && count <= length / DirectoryHeaderBytes
                ? (start, length, count)
                : throw Error("zip directory", $"{count} entries in {length} bytes at offset {start} do not fit the file of {_file.Length} bytes");
        }

        throw Error("zip directory", "its end is missing (truncated download?)");
    }

    private (long Start, long Length, long Count) FindDirectory64(long end)
    {
        const int LocatorBytes = 20;
        const int RecordBytes = 56;
        if (end < LocatorBytes || BinaryPrimitives.ReadUInt32LittleEndian(_file.Bytes(end - LocatorBytes, LocatorBytes)) != Locator64)
        {
            throw Error("zip directory", "the 64-bit locator is missing");
        }

        long at = BinaryPrimitives.ReadInt64LittleEndian(_file.Bytes(end - LocatorBytes + 8, 8));
        ReadOnlySpan<byte> record = _file.Bytes(at, RecordBytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == DirectoryEnd64
            ? (BinaryPrimitives.ReadInt64LittleEndian(record[48..]), BinaryPrimitives.ReadInt64LittleEndian(record[40..]), BinaryPrimitives.ReadInt64LittleEndian(record[32..]))
            : throw Error("zip directory", "the 64-bit record is missing");
    }

    private void ReadDirectory(long start, long length, long count)
    {
        long at = start;
        for (long i = 0; i < count; i++)
        {
            if (start + length - at < DirectoryHeaderBytes)
            {
                throw Error("zip directory", $"it ends within entry {i}");
            }

            ReadOnlySpan<byte> header = _file.Bytes(at, DirectoryHeaderBytes);
            int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
            int extraBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[30..]);
            int commentBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
            long next = at + DirectoryHeaderBytes + nameBytes + extraBytes + commentBytes;
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != DirectoryHeader || next > start + length)
            {
                throw Error("zip directory", $"entry {i} is malformed");
            }

            string name = Encoding.UTF8.GetString(_file.Bytes(at + DirectoryHeaderBytes, nameBytes));
            Add(name, header, _file.Bytes(at + DirectoryHeaderBytes + nameBytes, extraBytes));
            at = next;
        }
    }

    private void Add(string name, ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra)
    {
        string field = $"zip entry \"{Show(name)}\"";
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        int method = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        if (method != 0 || (flags & Encrypted) != 0)
        {
            throw Error(field, method != 0
                ? $"it is compressed (method {method}); torch.save stores without compression: save it again with PyTorch"
                : "it is encrypted");
        }

        (long compressed, long length, long offset) = Sizes(field, header, extra);
        if (compressed != length)
        {
            throw Error(field, $"it is stored without compression, but {length} bytes in {compressed}");
        }

        // Name and extra field are repeated in front of the data, there with lengths of their own.
        ReadOnlySpan<byte> local = offset >= 0 && offset <= _file.Length - LocalHeaderBytes
            ? _file.Bytes(offset, LocalHeaderBytes)
            : throw Error(field, $"its header at offset {offset} leaves the file of {_file.Length} bytes");
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalHeader)
        {
            throw Error(field, $"there is no header at offset {offset}");
        }

        long data = offset + LocalHeaderBytes + BinaryPrimitives.ReadUInt16LittleEndian(local[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (length < 0 || data > _file.Length || length > _file.Length - data)
        {
            throw Error(field, $"it needs {length} bytes at offset {data}, the file ends at {_file.Length} (truncated?)");
        }

        if (!_entries.TryAdd(name, (data, length)))
        {
            throw Error(field, "the name occurs twice");
        }
    }

    private (long Compressed, long Length, long Offset) Sizes(string field, ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra)
    {
        long compressed = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int bytes = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            extra = extra[4..];
            if (bytes > extra.Length)
            {
                break;
            }

            if (id == ExtraOfZip64)
            {
                // Only what did not fit 32 bits is there, in this order.
                ReadOnlySpan<byte> wide = extra[..bytes];
                Take(field, ref length, ref wide);
                Take(field, ref compressed, ref wide);
                Take(field, ref offset, ref wide);
            }

            extra = extra[bytes..];
        }

        return (compressed, length, offset);
    }

    private void Take(string field, ref long value, ref ReadOnlySpan<byte> wide)
    {
        if (value != uint.MaxValue)
        {
            return;
        }

        value = wide.Length >= sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(wide) : throw Error(field, "its 64-bit sizes are incomplete");
        wide = wide[sizeof(long)..];
    }

    // Data in front of its directory; entries that share bytes are how small files pretend to be large ones.
    private void RefuseOverlaps(long directory)
    {
        long end = 0;
        foreach ((string name, (long offset, long length)) in _entries.OrderBy(entry => entry.Value.Offset).ThenBy(entry => entry.Value.Length))
        {
            if (offset < end || length > directory - offset)
            {
                throw Error($"zip entry \"{Show(name)}\"", $"its {length} bytes at offset {offset} overlap another entry or the directory");
            }

            end = offset + length;
        }
    }

    private static string Show(string name) => PickleReader.Show(name);

    private InvalidCheckpointException Error(string field, string reason) => new(_file.Path, field, reason);
}
