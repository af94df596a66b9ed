using System.Globalization;
using System.Text.RegularExpressions;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The files of one model in GGUF: usually one, or, as llama.cpp splits large ones, several named <c>NAME-00001-of-00003.gguf</c> whose
/// key-value pairs say which part they are. The first one holds all other pairs.
/// </summary>
internal sealed partial class GgufShards : IDisposable
{
    private const string Extension = ".gguf";
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TensorsKey = "split.tensors.count";
    private readonly List<GgufFile> _files = [];

    private GgufShards()
    {
    }

    /// <summary>The pairs of the first file.</summary>
    public GgufMetadata Metadata => _files[0].Metadata;

    /// <summary>The tensors of all files by name.</summary>
    public Dictionary<string, FileTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Name of one of several files.</summary>
    /// <param name="path">Name of the whole, with or without <c>.gguf</c>.</param>
    /// <param name="index">Which one, from 0.</param>
    /// <param name="count">Number of files.</param>
    public static string PathOf(string path, int index, int count) =>
        FileName(path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? path[..^Extension.Length] : path, index, count);

    /// <summary>Writes which part a file is; nothing for the only one.</summary>
    public static void Describe(GgufMetadata metadata, int index, int count, int tensors)
    {
        if (count > 1)
        {
            // llama.cpp insists on these types.
            metadata.Set(NumberKey, GgufValue.Of(checked((ushort)index)));
            metadata.Set(CountKey, GgufValue.Of(checked((ushort)count)));
            metadata.Set(TensorsKey, GgufValue.Of(tensors));
        }
    }

    /// <summary>Opens a file, and the others of the model if it is one of several, whichever it is.</summary>
    /// <exception cref="InvalidInputException">A file is missing or malformed, or does not fit the others.</exception>
    public static GgufShards Open(string path)
    {
        GgufShards shards = new();
        try
        {
            GgufFile file = GgufFile.Open(path);
            shards._files.Add(file);
            if (file.Metadata.Int32(CountKey) is { } count and not 1)
            {
                shards._files.Clear();
                using (file)
                {
                    shards.OpenAll(file, count);
                }
            }

            shards.AddTensors();
            return shards;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenAll(GgufFile given, int count)
    {
        string name = Path.GetFileName(given.Path);
        Match match = ShardName().Match(name);
        if (!match.Success || count < 1 || int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) != count)
        {
            throw given.Metadata.Error(CountKey, $"the file is one of {count}, and the others are found by a name like NAME-00001-of-{count:D5}.gguf; this one is called \"{name}\"");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(given.Path))!;
        string[] names = [.. Enumerable.Range(0, count).Select(index => FileName(match.Groups["name"].Value, index, count))];
        string[] missing = [.. names.Where(shard => !File.Exists(Path.Combine(folder, shard)))];
        if (missing.Length > 0)
        {
            string more = missing.Length > 3 ? $" and {missing.Length - 3} more" : "";
            throw given.Metadata.Error(CountKey, $"the model has {count} files; missing beside this one: {string.Join(", ", missing.Take(3))}{more} (incomplete download?)");
        }

        for (int index = 0; index < count; index++)
        {
            GgufFile file = GgufFile.Open(Path.Combine(folder, names[index]));
            _files.Add(file);
            Expect(file, CountKey, count);
            Expect(file, NumberKey, index);
        }

        if (Metadata.Int32(TensorsKey) is { } tensors && tensors != _files.Sum(file => file.Tensors.Count))
        {
            throw Metadata.Error(TensorsKey, $"{tensors} tensors are announced, the {count} files hold {_files.Sum(file => file.Tensors.Count)}");
        }
    }

    private static string FileName(string stem, int index, int count) => $"{stem}-{index + 1:D5}-of-{count:D5}{Extension}";

    private static void Expect(GgufFile file, string key, int expected)
    {
        int found = file.Metadata.RequiredInt32(key);
        if (found != expected)
        {
            throw file.Metadata.Error(key, $"found {found}, expected {expected} (a file of another model?)");
        }
    }

    private void AddTensors()
    {
        foreach (GgufFile file in _files)
        {
            foreach (StoredTensor tensor in file.Tensors.Values)
            {
                if (!Tensors.TryAdd(tensor.Name, new MappedTensor(file.Mapping, tensor)))
                {
                    throw new InvalidCheckpointException(file.Path, $"tensor \"{tensor.Name}\"", $"it is in {Path.GetFileName(Tensors[tensor.Name].Path)} too");
                }
            }
        }
    }

    [GeneratedRegex(@"^(?<name>.+)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();
}
