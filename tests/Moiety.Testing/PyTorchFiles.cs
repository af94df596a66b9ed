using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Moiety.Testing;

/// <summary>Files in the containers of <c>torch.save</c>, written here from the description of the format.</summary>
public static class PyTorchFiles
{
    /// <summary>The pickle of a state_dict.</summary>
    public static byte[] StateDictionary(IEnumerable<PickledTensor> tensors)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write([0x80, 2]);
        writer.Write("ccollections\nOrderedDict\n)R("u8);
        foreach (PickledTensor tensor in tensors)
        {
            Text(writer, tensor.Name);
            writer.Write("ctorch._utils\n_rebuild_tensor_v2\n(("u8);
            Text(writer, "storage");
            writer.Write(Encoding.UTF8.GetBytes($"ctorch\n{tensor.StorageType}\n"));
            Text(writer, tensor.Key);
            Text(writer, "cpu");
            Number(writer, tensor.StorageCount);
            writer.Write("tQ"u8);
            Number(writer, tensor.Offset);
            foreach (ImmutableArray<long> tuple in (ImmutableArray<long>[])[tensor.Shape, tensor.Strides])
            {
                writer.Write((byte)'(');
                foreach (long value in tuple)
                {
                    Number(writer, value);
                }

                writer.Write((byte)'t');
            }

            writer.Write((byte)0x89);
            writer.Write("ccollections\nOrderedDict\n)RtR"u8);
        }

        writer.Write("u."u8);
        return stream.ToArray();
    }

    /// <summary>The container since PyTorch 1.6.</summary>
    public static byte[] Zip(byte[] pickle, IReadOnlyDictionary<string, byte[]> storages, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in storages.Select(pair => ("archive/data/" + pair.Key, pair.Value)).Prepend(("archive/data.pkl", pickle)))
            {
                ZipArchiveEntry entry = archive.CreateEntry(name, level);
                entry.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream target = entry.Open();
                target.Write(content);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The container before PyTorch 1.6.</summary>
    /// <param name="pickle">The pickle.</param>
    /// <param name="storages">Key, elements and bytes of each storage.</param>
    public static byte[] Legacy(byte[] pickle, IReadOnlyList<(string Key, long Count, byte[] Bytes)> storages)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.']);
        writer.Write([0x80, 2, (byte)'M', 0xE9, 3, (byte)'.']);
        writer.Write([0x80, 2, (byte)'}', (byte)'(']);
        Text(writer, "little_endian");
        writer.Write([0x88, (byte)'u', (byte)'.']);
        writer.Write(pickle);
        writer.Write([0x80, 2, (byte)']', (byte)'(']);
        foreach ((string key, _, _) in storages)
        {
            Text(writer, key);
        }

        writer.Write("e."u8);
        foreach ((_, long count, byte[] bytes) in storages)
        {
            writer.Write(count);
            writer.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>The tensors of a safetensors file in a container of PyTorch.</summary>
    public static byte[] FromSafetensors(byte[] file, bool legacy)
    {
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(sizeof(ulong), header));
        List<PickledTensor> tensors = [];
        List<(string Key, long Count, byte[] Bytes)> storages = [];
        foreach (JsonProperty tensor in json.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
        {
            JsonElement range = tensor.Value.GetProperty("data_offsets");
            int start = sizeof(ulong) + header;
            string type = tensor.Value.GetProperty("dtype").GetString() switch { "F32" => "FloatStorage", "F16" => "HalfStorage", _ => "BFloat16Storage" };
            string key = $"{storages.Count}";
            tensors.Add(PickledTensor.Plain(tensor.Name, type, key, [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]));
            storages.Add((key, tensors[^1].StorageCount, file[(start + range[0].GetInt32())..(start + range[1].GetInt32())]));
        }

        byte[] pickle = StateDictionary(tensors);
        return legacy ? Legacy(pickle, storages) : Zip(pickle, storages.ToDictionary(storage => storage.Key, storage => storage.Bytes));
    }

    private static void Text(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((byte)'X');
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static void Number(BinaryWriter writer, long value)
    {
        writer.Write([0x8A, 8]);
        writer.Write(value);
    }
}
