using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// One GGUF file, memory-mapped: a header, key-value pairs, the list of tensors, then aligned data. Versions 2 and 3,
/// little-endian. See https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
public sealed class GgufFile : IDisposable
{
    /// <summary>The first four bytes, "GGUF" as a little-endian number.</summary>
    internal const uint Magic = 0x46554747;

    /// <summary>Alignment of the data when the file does not state one.</summary>
    internal const int DefaultAlignment = 32;

    private const int MaxAlignment = 1 << 20;
    private const int MaxKeyBytes = 65535;
    private const int MaxTensorNameBytes = 1024;
    private const int MaxDimensions = 4;
    private const int MaxNesting = 4;
    private const int LeastPairBytes = 8 + 1 + 4 + 1;
    private const int LeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;
    private readonly Dictionary<string, StoredTensor> _tensors;

    private GgufFile(MappedFile file, int version, GgufMetadata metadata, Dictionary<string, StoredTensor> tensors)
    {
        Mapping = file;
        Version = version;
        Metadata = metadata;
        _tensors = tensors;
    }

    /// <summary>The file.</summary>
    public string Path => Mapping.Path;

    /// <summary>Version of the format.</summary>
    public int Version { get; }

    /// <summary>The key-value pairs.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <summary>The mapping, for views.</summary>
    internal MappedFile Mapping { get; }

    /// <summary>Opens a file and checks its whole header against its length.</summary>
    /// <exception cref="InvalidInputException">It cannot be opened or is malformed: the message names the field and the numbers.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            return Parse(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file. Views of its tensors must not be used afterwards.</summary>
    public void Dispose() => Mapping.Dispose();

    private static GgufFile Parse(MappedFile file)
    {
        GgufCursor cursor = new(file);
        uint magic = cursor.UInt32("magic");
        if (magic != Magic)
        {
            throw new InvalidCheckpointException(file.Path, "magic", $"found 0x{magic:X8}, a GGUF file begins with 0x{Magic:X8} (\"GGUF\")");
        }

        uint version = cursor.UInt32("version");
        if (version is not (2 or 3))
        {
            string hint = BinaryPrimitives.ReverseEndianness(version) is 1 or 2 or 3 ? "the file is big-endian, which is not supported" : "2 and 3 are supported";
            throw new InvalidCheckpointException(file.Path, "version", $"found {version}; {hint}");
        }

        // Both counts come before the pairs; the tensors are checked again when it is their turn.
        int tensorCount = cursor.Count("number of tensors", LeastTensorBytes);
        int pairCount = cursor.Count("number of key-value pairs", LeastPairBytes);
        GgufMetadata metadata = new(file.Path);
        for (int i = 0; i < pairCount; i++)
        {
            string key = cursor.Name($"key {i}", MaxKeyBytes);
            if (metadata.Has(key))
            {
                throw new InvalidCheckpointException(file.Path, key, "the key occurs twice");
            }

            metadata.Set(key, ReadValue(file.Path, cursor, key, cursor.UInt32(key), nesting: 0));
        }

        int alignment = metadata.Int32("general.alignment") ?? DefaultAlignment;
        if (alignment is < 8 or > MaxAlignment || (alignment & (alignment - 1)) != 0)
        {
            throw new InvalidCheckpointException(file.Path, "general.alignment", $"{alignment} is not a power of two from 8 to {MaxAlignment}");
        }

        return new GgufFile(file, (int)version, metadata, ReadTensors(file, cursor, tensorCount, alignment));
    }

    private static Dictionary<string, StoredTensor> ReadTensors(MappedFile file, GgufCursor cursor, int count, int alignment)
    {
        List<(string Name, StorageFormat Format, ImmutableArray<long> Shape, ulong Offset, long Bytes)> infos = [];
        for (int i = 0; i < count; i++)
        {
            string name = cursor.Name($"name of tensor {i}", MaxTensorNameBytes);
            string field = $"tensor \"{name}\"";
            ImmutableArray<long> shape = ReadShape(file.Path, cursor, field);
            uint type = cursor.UInt32(field);
            StorageFormat format = GgufTypes.Find(type)
                ?? throw new InvalidCheckpointException(file.Path, field, $"its type {GgufTypes.Describe(type)} is not supported; known: {GgufTypes.Known}");
            if (!TensorShape.TryByteLength(shape, ElementType.Of(format), out long bytes, out string reason))
            {
                throw new InvalidCheckpointException(file.Path, field, reason);
            }

            infos.Add((name, format, shape, cursor.UInt64(field), bytes));
        }

        long dataStart = (cursor.Position + alignment - 1) & -alignment;
        Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
        foreach ((string name, StorageFormat format, ImmutableArray<long> shape, ulong offset, long bytes) in infos)
        {
            string field = $"tensor \"{name}\"";
            if (offset % (ulong)alignment != 0)
            {
                throw new InvalidCheckpointException(file.Path, field, $"its offset {offset} is no multiple of the alignment {alignment}");
            }

            long space = file.Length - dataStart;
            if (bytes > space || offset > (ulong)(space - bytes))
            {
                throw new InvalidCheckpointException(file.Path, field,
                    $"it needs {bytes} bytes at offset {offset} of the data, which begins at {dataStart}; the file ends at {file.Length} (truncated?)");
            }

            if (!tensors.TryAdd(name, new StoredTensor(name, ElementType.Of(format), shape, dataStart + (long)offset, bytes)))
            {
                throw new InvalidCheckpointException(file.Path, field, "the name occurs twice");
            }
        }

        TensorLayoutCheck.Order(file.Path, tensors.Values);
        return tensors;
    }

    private static ImmutableArray<long> ReadShape(string path, GgufCursor cursor, string field)
    {
        uint dimensions = cursor.UInt32(field);
        if (dimensions is < 1 or > MaxDimensions)
        {
            throw new InvalidCheckpointException(path, field, $"it has {dimensions} dimensions, allowed are 1 to {MaxDimensions}");
        }

        // The file lists the innermost dimension first.
        long[] shape = new long[dimensions];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = cursor.UInt64(field);
            shape[i] = size is > 0 and <= long.MaxValue
                ? (long)size
                : throw new InvalidCheckpointException(path, field, $"a dimension is {size}");
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(shape);
    }

    private static GgufValue ReadValue(string path, GgufCursor cursor, string key, uint typeNumber, int nesting)
    {
        GgufValueType type = (GgufValueType)typeNumber;
        return type switch
        {
            GgufValueType.Array => ReadArray(path, cursor, key, nesting),
            GgufValueType.Text => GgufValue.Read(type, cursor.Text(key)),
            GgufValueType.Boolean => GgufValue.Read(type, ToBooleans(path, key, cursor.Take(key, 1))[0]),
            _ => GgufValue.Read(type, Numbers(path, cursor, key, type, 1).GetValue(0)!),
        };
    }

    private static GgufValue ReadArray(string path, GgufCursor cursor, string key, int nesting)
    {
        if (nesting == MaxNesting)
        {
            throw new InvalidCheckpointException(path, key, $"arrays are nested more than {MaxNesting} deep");
        }

        GgufValueType element = (GgufValueType)cursor.UInt32(key);
        switch (element)
        {
            case GgufValueType.Array:
                GgufValue[] arrays = new GgufValue[cursor.Count(key, leastBytesOfItem: 4 + 8)];
                for (int i = 0; i < arrays.Length; i++)
                {
                    arrays[i] = ReadArray(path, cursor, key, nesting + 1);
                }

                return GgufValue.Read(GgufValueType.Array, arrays, element);
            case GgufValueType.Text:
                string[] texts = new string[cursor.Count(key, leastBytesOfItem: 8)];
                for (int i = 0; i < texts.Length; i++)
                {
                    texts[i] = cursor.Text(key);
                }

                return GgufValue.Read(GgufValueType.Array, texts, element);
            case GgufValueType.Boolean:
                int flags = cursor.Count(key, leastBytesOfItem: 1);
                return GgufValue.Read(GgufValueType.Array, ToBooleans(path, key, cursor.Take(key, flags)), element);
            default:
                int count = cursor.Count(key, SizeOf(path, key, element));
                return GgufValue.Read(GgufValueType.Array, Numbers(path, cursor, key, element, count), element);
        }
    }

    private static Array Numbers(string path, GgufCursor cursor, string key, GgufValueType type, int count)
    {
        ReadOnlySpan<byte> bytes = cursor.Take(key, (long)count * SizeOf(path, key, type));
        return type switch
        {
            GgufValueType.UInt8 => bytes.ToArray(),
            GgufValueType.Int8 => MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray(),
            GgufValueType.UInt16 => MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(),
            GgufValueType.Int16 => MemoryMarshal.Cast<byte, short>(bytes).ToArray(),
            GgufValueType.UInt32 => MemoryMarshal.Cast<byte, uint>(bytes).ToArray(),
            GgufValueType.Int32 => MemoryMarshal.Cast<byte, int>(bytes).ToArray(),
            GgufValueType.Float32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            GgufValueType.UInt64 => MemoryMarshal.Cast<byte, ulong>(bytes).ToArray(),
            GgufValueType.Int64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            _ => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        };
    }

    private static int SizeOf(string path, string key, GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => throw new InvalidCheckpointException(path, key, $"its type {(uint)type} does not exist"),
    };

    private static bool[] ToBooleans(string path, string key, ReadOnlySpan<byte> bytes) =>
        bytes.ContainsAnyExceptInRange((byte)0, (byte)1)
            ? throw new InvalidCheckpointException(path, key, "a Boolean is neither 0 nor 1")
            : MemoryMarshal.Cast<byte, bool>(bytes).ToArray();
}
