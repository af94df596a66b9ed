using System.Buffers.Binary;
using System.Numerics;

namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>
/// A file of <c>torch.save</c>, memory-mapped: a state_dict whose pickle is read by <see cref="PickleReader"/>, which runs nothing.
/// Both containers are read: the ZIP of PyTorch 1.6 and later, and the sequence of pickles and storages before it.
/// </summary>
internal sealed class PyTorchFile : IDisposable
{
    private const int MaxPickleBytes = 64 << 20;
    private const int MaxNameCharacters = 1024;
    private const string PickleName = "data.pkl";

    // The first pickle of the old container: the number with which it begins.
    private static readonly byte[] LegacyStart = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];
    private static readonly BigInteger LegacyMagic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    // Where trainers put the state_dict beside their own state.
    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "module", "model"];
    private readonly MappedFile _file;
    private readonly Dictionary<string, FileTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<PickleStorage, long> _offsets = [];
    private readonly Func<string, PickleGlobal?> _findGlobal;

    private PyTorchFile(MappedFile file, Func<string, PickleGlobal?> findGlobal)
    {
        _file = file;
        _findGlobal = findGlobal;
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, FileTensor> Tensors => _tensors;

    /// <summary>Whether a file begins like one of PyTorch.</summary>
    public static bool Begins(ReadOnlySpan<byte> start) =>
        (start.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(start) == ZipIndex.Magic) || start.StartsWith(LegacyStart.AsSpan(0, 4));

    /// <summary>What the file holds beside the weights; null in a file of weights only.</summary>
    public PickleDictionary? Training { get; private set; }

    /// <summary>Opens a file and checks what it says of its tensors against its length.</summary>
    /// <exception cref="InvalidInputException">It cannot be opened, is malformed, or its pickle names what may run code.</exception>
    public static PyTorchFile Open(string path) => Open(path, PickleGlobal.Find, static (file, root) => file.AddTensors(file.FindState(root)));

    /// <summary>
    /// Opens the state of a training, in which the weights may be dictionaries in dictionaries, and whose pickle may name what trainers
    /// save beside them.
    /// </summary>
    /// <exception cref="InvalidInputException">It cannot be opened, is malformed, or its pickle names what may run code.</exception>
    public static PyTorchFile OpenTraining(string path) => Open(path, PickleGlobal.FindInTraining, static (file, root) =>
    {
        file.Training = root as PickleDictionary ?? throw file.Error("pickle", "it holds no state of a training");
        file.AddNested(FindWrapped(file.Training) ?? file.Training);
    });

    /// <summary>Closes the file. Views of its tensors must not be used afterwards.</summary>
    public void Dispose() => _file.Dispose();

    private static PyTorchFile Open(string path, Func<string, PickleGlobal?> findGlobal, Action<PyTorchFile, object?> add)
    {
        PyTorchFile file = new(MappedFile.Open(path), findGlobal);
        try
        {
            add(file, file.Parse());
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private object? Parse()
    {
        ReadOnlySpan<byte> start = _file.Bytes(0, (int)Math.Min(LegacyStart.Length, _file.Length));
        return start.SequenceEqual(LegacyStart) ? ReadLegacy()
            : start.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(start) == ZipIndex.Magic ? ReadZip()
            : throw Error("file", "it is neither a ZIP nor the older container of torch.save (tar files of PyTorch 0.1 are not supported)");
    }

    private object? ReadZip()
    {
        ZipIndex zip = ZipIndex.Read(_file);
        string[] pickles = [.. zip.Entries.Keys.Where(name => name.EndsWith("/" + PickleName, StringComparison.Ordinal))];
        if (pickles.Length != 1)
        {
            throw Error(PickleName, $"{pickles.Length} entries of that name, expected one in a folder");
        }

        string folder = pickles[0][..^PickleName.Length];
        if (zip.Entries.TryGetValue(folder + "byteorder", out (long Offset, long Length) order) && order.Length <= 16
            && _file.Bytes(order.Offset, (int)order.Length).SequenceEqual("big"u8))
        {
            throw Error("byteorder", "the file is big-endian, which is not supported");
        }

        (long offset, long length) = zip.Entries[pickles[0]];
        CheckPickle(length);
        Dictionary<string, PickleStorage> storages = new(StringComparer.Ordinal);
        return PickleReader.Read(_file, offset, length, _findGlobal, (type, key, count) => FindStorage(storages, type, key, count, storage =>
        {
            string name = $"{folder}data/{key}";
            (long Offset, long Length) entry = zip.Entries.TryGetValue(name, out (long, long) found)
                ? found
                : throw Error($"storage \"{PickleReader.Show(key)}\"", "the file has no such entry");
            return (Int128)count * type.Type!.BlockBytes <= entry.Length
                ? entry.Offset
                : throw Error($"storage \"{PickleReader.Show(key)}\"", $"{count} elements of {type.Type.Name} do not fit its {entry.Length} bytes");
        }), out _);
    }

    private object? ReadLegacy()
    {
        long position = 0;
        Dictionary<string, PickleStorage> storages = new(StringComparer.Ordinal);
        object? Next()
        {
            object? value = PickleReader.Read(_file, position, Math.Min(MaxPickleBytes, _file.Length - position), _findGlobal,
                (type, key, count) => FindStorage(storages, type, key, count, static _ => 0), out long end);
            position = end;
            return value;
        }

        if (Next() is not BigInteger magic || magic != LegacyMagic || Next() is not 1001L)
        {
            throw Error("version", "it is not the container version 1001 of torch.save");
        }

        if (Next() is not PickleDictionary system || system.Pairs.Contains(("little_endian", false)))
        {
            throw Error("system", "the file is big-endian, which is not supported");
        }

        object? root = Next();
        if (Next() is not List<object?> keys)
        {
            throw Error("storages", "their list is missing");
        }

        HashSet<string> placed = new(StringComparer.Ordinal);
        foreach (object? item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out PickleStorage? storage) || !placed.Add(key))
            {
                throw Error("storages", "their list names one that no tensor uses, or one twice");
            }

            position = PlaceLegacy(storage, position);
        }

        return placed.Count == storages.Count ? root : throw Error("storages", $"{storages.Count} are used, {placed.Count} are in the file");
    }

    private long PlaceLegacy(PickleStorage storage, long position)
    {
        string field = $"storage \"{PickleReader.Show(storage.Key)}\"";
        if (_file.Length - position < sizeof(long) || BinaryPrimitives.ReadInt64LittleEndian(_file.Bytes(position, sizeof(long))) != storage.Count)
        {
            throw Error(field, $"at byte {position} there are not the {storage.Count} elements that the pickle calls for (truncated?)");
        }

        position += sizeof(long);
        Int128 bytes = (Int128)storage.Count * storage.Type.BlockBytes;
        if (bytes > _file.Length - position)
        {
            throw Error(field, $"it needs {bytes} bytes at offset {position}, the file ends at {_file.Length} (truncated?)");
        }

        _offsets[storage] = position;
        return position + (long)bytes;
    }

    private PickleStorage FindStorage(Dictionary<string, PickleStorage> storages, PickleGlobal type, string key, long count, Func<PickleStorage, long> place)
    {
        if (!storages.TryGetValue(key, out PickleStorage? storage))
        {
            storage = new PickleStorage(key, type.Type!, count);
            _offsets.Add(storage, place(storage));
            storages.Add(key, storage);
        }

        return storage.Type == type.Type && storage.Count == count
            ? storage
            : throw Error($"storage \"{PickleReader.Show(key)}\"", "it is described in two ways");
    }

    private PickleDictionary FindState(object? root)
    {
        PickleDictionary dictionary = root as PickleDictionary ?? throw Error("pickle", "it holds no state_dict (save model.state_dict(), not the model)");
        return dictionary.Pairs.Exists(pair => pair.Value is PickleTensor) ? dictionary : FindWrapped(dictionary) ?? dictionary;
    }

    private static PickleDictionary? FindWrapped(PickleDictionary dictionary) => Wrappers
        .Select(wrapper => dictionary.Pairs.Find(pair => wrapper.Equals(pair.Key)).Value as PickleDictionary)
        .FirstOrDefault(inner => inner is not null);

    private void AddTensors(PickleDictionary state)
    {
        foreach ((object? key, object? value) in state.Pairs)
        {
            if (value is PickleTensor tensor)
            {
                AddTensor(key as string ?? throw Error("pickle", "a tensor has a name that is no text"), tensor);
            }
        }
    }

    // Each dictionary is visited once, so that those which hold themselves or each other come to an end. Names are put together when it is
    // their turn: millions of pairs may share one long key.
    private void AddNested(PickleDictionary state)
    {
        HashSet<PickleDictionary> visited = [state];
        Stack<(string Prefix, string Name, PickleDictionary Dictionary)> left = new([("", "", state)]);
        while (left.TryPop(out (string Prefix, string Name, PickleDictionary Dictionary) next))
        {
            string prefix = next.Name.Length > 0 ? $"{next.Prefix}{next.Name}." : next.Prefix;
            foreach ((object? key, object? value) in next.Dictionary.Pairs)
            {
                if (value is PickleTensor tensor)
                {
                    AddTensor(prefix + key, tensor);
                }
                else if (value is PickleDictionary inner && NameOf(key) is { Length: > 0 } name && prefix.Length + name.Length <= MaxNameCharacters && visited.Add(inner))
                {
                    left.Push((prefix, name, inner));
                }
            }
        }
    }

    private static string? NameOf(object? key) => key as string ?? (key is long number ? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);

    private void AddTensor(string name, PickleTensor tensor)
    {
        if (name.Length > MaxNameCharacters)
        {
            throw Error($"tensor \"{PickleReader.Show(name)}\"", $"the name has {name.Length} characters, allowed are {MaxNameCharacters}");
        }

        if (!_tensors.TryAdd(name, View(name, tensor)))
        {
            throw Error($"tensor \"{PickleReader.Show(name)}\"", "the name occurs twice");
        }
    }

    private FileTensor View(string name, PickleTensor tensor)
    {
        string field = $"tensor \"{PickleReader.Show(name)}\"";
        if (!TensorShape.TryByteLength(tensor.Shape, tensor.Type, out long bytes, out string reason))
        {
            throw Error(field, reason);
        }

        if (tensor.Strides.Any(stride => stride < 0) || tensor.Offset < 0)
        {
            throw Error(field, $"its strides {TensorShape.Text(tensor.Strides)} or its offset {tensor.Offset} are negative");
        }

        // An untyped storage counts in bytes, and so does the check; strides and offset count in elements of the tensor.
        int elementBytes = tensor.Type.BlockBytes;
        Int128 storageBytes = (Int128)tensor.Storage.Count * tensor.Storage.Type.BlockBytes;
        Int128 last = tensor.Offset;
        for (int i = 0; i < tensor.Shape.Length; i++)
        {
            last += (Int128)Math.Max(tensor.Shape[i] - 1, 0) * tensor.Strides[i];
        }

        if (bytes > 0 && (last >= storageBytes / elementBytes || bytes > storageBytes))
        {
            throw Error(field,
                $"shape {TensorShape.Text(tensor.Shape)} with strides {TensorShape.Text(tensor.Strides)} from element {tensor.Offset} leaves its storage of {storageBytes} bytes, or repeats it");
        }

        long start = _offsets[tensor.Storage] + (bytes > 0 ? tensor.Offset * elementBytes : 0);
        StoredTensor stored = new(name, tensor.Type, tensor.Shape, start, bytes);
        return IsContiguous(tensor) ? new MappedTensor(_file, stored) : new StridedTensor(_file, stored, tensor.Strides);
    }

    private static bool IsContiguous(PickleTensor tensor)
    {
        long expected = 1;
        for (int i = tensor.Shape.Length - 1; i >= 0; i--)
        {
            if (tensor.Shape[i] != 1 && tensor.Strides[i] != expected)
            {
                return tensor.Shape.Contains(0);
            }

            expected *= tensor.Shape[i];
        }

        return true;
    }

    private void CheckPickle(long length)
    {
        if (length > MaxPickleBytes)
        {
            throw Error(PickleName, $"{length} bytes are too many (at most {MaxPickleBytes})");
        }
    }

    private InvalidCheckpointException Error(string field, string reason) => new(_file.Path, field, reason);
}
