using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
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
    /// <exception cref="InvalidCheckpointException">There is no such tensor, or it has more dimensions.</exception>
    public unsafe Matrix GetMatrix(string name)
    {
        StoredTensor tensor = _tensors.TryGetValue(name, out StoredTensor? found)
            ? found
            : throw new InvalidCheckpointException(Path, $"tensor \"{name}\"", "it is missing");
        long rows = tensor.Shape.Length == 2 ? tensor.Shape[0] : 1;
        long columns = tensor.Shape.Length == 0 ? 1 : tensor.Shape[^1];
        return tensor.Shape.Length <= 2 && rows <= int.MaxValue && columns <= int.MaxValue
            ? new Matrix(tensor.Format, (int)rows, (int)columns, _file.Slice(tensor.Offset, tensor.ByteLength), _file)
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
        JsonElement header = JsonFields.ParseElement(path, "header", file.Bytes(PrefixBytes, (int)headerBytes).ToArray());
        if (header.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidCheckpointException(path, "header", "it is not a JSON object");
        }

        Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        foreach (JsonProperty property in header.EnumerateObject())
        {
            string name = Name(path, property);
            if (name == MetadataName)
            {
                ReadMetadata(path, property.Value, metadata);
            }
            else
            {
                tensors.Add(name, ReadTensor(path, name, property.Value, dataStart, file.Length));
            }
        }

        CheckGaps(path, TensorLayoutCheck.Order(path, tensors.Values), dataStart, file.Length);
        return new SafetensorsFile(file, tensors, metadata);
    }

    private static StoredTensor ReadTensor(string path, string name, JsonElement value, long dataStart, long fileLength)
    {
        string field = $"tensor \"{name}\"";
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out JsonElement type)
            || !value.TryGetProperty("shape", out JsonElement shapeList)
            || !value.TryGetProperty("data_offsets", out JsonElement offsets))
        {
            throw new InvalidCheckpointException(path, field, "it needs dtype, shape and data_offsets");
        }

        string? typeName = type.ValueKind == JsonValueKind.String ? JsonFields.TryText(type) : null;
        StorageFormat format = SafetensorsFormats.Find(typeName ?? "")
            ?? throw new InvalidCheckpointException(path, field, $"dtype {JsonFields.Show(type)} is not supported; known: {SafetensorsFormats.Known}");
        ImmutableArray<long> shape = Numbers(path, field, "shape", shapeList, MaxDimensions);
        ImmutableArray<long> range = Numbers(path, field, "data_offsets", offsets, 2);
        if (!TensorShape.TryByteLength(shape, format, out long bytes, out string reason))
        {
            throw new InvalidCheckpointException(path, field, reason);
        }

        if (range.Length != 2 || range[0] > range[1] || range[1] > fileLength - dataStart)
        {
            throw new InvalidCheckpointException(path, field,
                $"data_offsets {TensorShape.Text(range)} leave the {fileLength - dataStart} bytes of data that the file holds (truncated?)");
        }

        if (range[1] - range[0] != bytes)
        {
            throw new InvalidCheckpointException(path, field,
                $"data_offsets {TensorShape.Text(range)} hold {range[1] - range[0]} bytes, shape {TensorShape.Text(shape)} of {format.Name} needs {bytes}");
        }

        long offset = dataStart + range[0];
        return offset % format.BlockBytes == 0
            ? new StoredTensor(name, format, shape, offset, bytes)
            : throw new InvalidCheckpointException(path, field,
                $"its data starts at byte {offset}, which is no multiple of the {format.BlockBytes} bytes of {format.Name} (save it again with a current safetensors library, which aligns the header)");
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

    private static ImmutableArray<long> Numbers(string path, string field, string part, JsonElement list, int limit)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > limit)
        {
            throw new InvalidCheckpointException(path, field, $"{part} is not a list of at most {limit} numbers");
        }

        return [.. list.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) && number >= 0
                ? number
                : throw new InvalidCheckpointException(path, field, $"{part} holds something else than whole numbers"))];
    }

    private static void ReadMetadata(string path, JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidCheckpointException(path, MetadataName, "it is not an object of texts");
        }

        foreach (JsonProperty property in value.EnumerateObject())
        {
            string? text = property.Value.ValueKind == JsonValueKind.String ? JsonFields.TryText(property.Value) : null;
            metadata.Add(Name(path, property), text ?? throw new InvalidCheckpointException(path, MetadataName, "it is not an object of texts"));
        }
    }

    private static string Name(string path, JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new InvalidCheckpointException(path, "header", "a name is not valid UTF-8");
        }
    }
}
