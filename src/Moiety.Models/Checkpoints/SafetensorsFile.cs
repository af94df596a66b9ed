using System.Buffers.Binary;
using System.Collections.Immutable;
using Moiety.Models.Json;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// One <c>.safetensors</c> file, memory-mapped: eight bytes with the length of a JSON header, the header (name to type,
/// shape and byte range), then the data. As the format demands, the ranges neither overlap nor leave gaps.
/// See https://github.com/huggingface/safetensors#format.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int PrefixBytes = 8;
    private const int MaxHeaderBytes = 100_000_000;
    private const int MaxDimensions = 8;
    private const string MetadataName = "__metadata__";
    private readonly MappedFile _file;
    private readonly Dictionary<string, StoredTensor> _tensors;

    private SafetensorsFile(MappedFile file, Dictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        _file = file;
        _tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <summary>The free-form texts of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The mapping, for views.</summary>
    internal MappedFile Mapping => _file;

    /// <summary>Opens a file and checks its whole header against its length.</summary>
    /// <exception cref="InvalidInputException">It cannot be opened or is malformed: the message names the field and the numbers.</exception>
    public static SafetensorsFile Open(string path)
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

    /// <summary>A view of a tensor with at most two dimensions; a vector is a matrix of one row.</summary>
    /// <exception cref="InvalidCheckpointException">There is no such tensor, it has more dimensions, or its elements are of a type that Moiety does not compute with or are not aligned.</exception>
    public unsafe Matrix GetMatrix(string name)
    {
        StoredTensor tensor = _tensors.TryGetValue(name, out StoredTensor? found)
            ? found
            : throw new InvalidCheckpointException(Path, $"tensor \"{name}\"", "it is missing");
        long rows = tensor.Shape.Length == 2 ? tensor.Shape[0] : 1;
        long columns = tensor.Shape.Length == 0 ? 1 : tensor.Shape[^1];
        MappedTensor mapped = new(_file, tensor);
        StorageFormat format = mapped.Format;
        if (mapped.Data is null)
        {
            throw new InvalidCheckpointException(Path, $"tensor \"{name}\"", $"it starts at byte {tensor.Offset}, which is no multiple of the {format.BlockBytes} bytes of {format.Name}");
        }

        return tensor.Shape.Length <= 2 && rows <= int.MaxValue && columns <= int.MaxValue
            ? new Matrix(format, (int)rows, (int)columns, mapped.Data, _file)
            : throw new InvalidCheckpointException(Path, $"tensor \"{name}\"", $"shape {tensor.ShapeText} is no matrix");
    }

    /// <summary>Closes the file. Its matrices must not be used afterwards.</summary>
    public void Dispose() => _file.Dispose();

    private static SafetensorsFile Parse(MappedFile file)
    {
        string path = file.Path;
        if (file.Length < PrefixBytes)
        {
            throw new InvalidCheckpointException(path, "header length", $"the file has {file.Length} bytes, a safetensors file begins with {PrefixBytes} bytes of length");
        }

        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, PrefixBytes));
        if (headerBytes > MaxHeaderBytes || (long)headerBytes > file.Length - PrefixBytes)
        {
            throw new InvalidCheckpointException(path, "header length",
                $"{headerBytes} bytes, but the file has {file.Length} and the limit is {MaxHeaderBytes} (not a safetensors file, or truncated)");
        }

        long dataStart = PrefixBytes + (long)headerBytes;
        JsonField header = JsonField.Parse(path, file.Bytes(PrefixBytes, (int)headerBytes).ToArray(), "header");
        Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        foreach ((string name, JsonField value) in header.Members())
        {
            if (name == MetadataName)
            {
                ReadMetadata(value.Named(MetadataName), metadata);
            }
            else
            {
                tensors.Add(name, ReadTensor(name, value.Named($"tensor \"{name}\""), dataStart, file.Length));
            }
        }

        CheckGaps(path, TensorLayoutCheck.Order(path, tensors.Values), dataStart, file.Length);
        return new SafetensorsFile(file, tensors, metadata);
    }

    private static StoredTensor ReadTensor(string name, JsonField field, long dataStart, long fileLength)
    {
        JsonField type = field.Get("dtype");
        ElementType format = SafetensorsFormats.Find(type.Text())
            ?? throw field.Error($"dtype {type.Show()} is not supported; known: {SafetensorsFormats.Known}");
        ImmutableArray<long> shape = Numbers(field.Get("shape"), MaxDimensions);
        ImmutableArray<long> range = Numbers(field.Get("data_offsets"), 2);
        if (!TensorShape.TryByteLength(shape, format, out long bytes, out string reason))
        {
            throw field.Error(reason);
        }

        if (range.Length != 2 || range[0] > range[1] || range[1] > fileLength - dataStart)
        {
            throw field.Error($"data_offsets {TensorShape.Text(range)} leave the {fileLength - dataStart} bytes of data that the file holds (truncated?)");
        }

        if (range[1] - range[0] != bytes)
        {
            throw field.Error($"data_offsets {TensorShape.Text(range)} hold {range[1] - range[0]} bytes, shape {TensorShape.Text(shape)} of {format.Name} needs {bytes}");
        }

        return new StoredTensor(name, format, shape, dataStart + range[0], bytes);
    }

    private static void CheckGaps(string path, StoredTensor[] ordered, long dataStart, long fileLength)
    {
        long end = dataStart;
        foreach (StoredTensor tensor in ordered)
        {
            if (tensor.Offset != end)
            {
                throw new InvalidCheckpointException(path, $"tensor \"{tensor.Name}\"",
                    $"it starts at byte {tensor.Offset}, but the data before it ends at {end}: the format allows no gaps");
            }

            end = tensor.Offset + tensor.ByteLength;
        }

        if (end != fileLength)
        {
            throw new InvalidCheckpointException(path, "data", $"the last tensor ends at byte {end}, the file at {fileLength}");
        }
    }

    private static ImmutableArray<long> Numbers(JsonField list, int limit)
    {
        int count = list.Length();
        return count <= limit
            ? [.. list.Items().Select(static item => item.Size())]
            : throw list.Error($"{count} numbers are too many (at most {limit})");
    }

    private static void ReadMetadata(JsonField field, Dictionary<string, string> metadata)
    {
        foreach ((string key, JsonField value) in field.Members())
        {
            metadata.Add(key, value.IsText ? value.Text() : throw field.Error($"it may hold only texts, found {value.Show()}"));
        }
    }
}
