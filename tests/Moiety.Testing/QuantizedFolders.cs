using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>
/// Hugging Face folders whose projections are quantized, written here from the published layouts: random integers, zeros and scales,
/// and beside them the weights that these mean, in double precision.
/// </summary>
public sealed class QuantizedFolders
{
    // AutoAWQ's order: nibble i of a word is row order[i] of eight.
    private static readonly int[] AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];
    private readonly List<(string Name, string Type, long[] Shape, byte[] Bytes)> _tensors = [];
    private SplitMix64 _random;

    private QuantizedFolders(ulong seed) => _random = new SplitMix64(seed);

    /// <summary>The weights of every projection by canonical name, row-major.</summary>
    public Dictionary<string, double[]> Weights { get; } = [];

    /// <summary>Writes a folder of GPTQ or AWQ.</summary>
    /// <param name="folder">The folder; it holds the model unquantized, and loses its projections.</param>
    /// <param name="config">Its configuration; of the family of Llama.</param>
    /// <param name="method">gptq or awq.</param>
    /// <param name="settings">Goes into <c>quantization_config</c>, and says what is written: bits, group_size, sym, desc_act, checkpoint_format.</param>
    /// <param name="scaleType">F16, BF16 or F32.</param>
    public static QuantizedFolders Integers(string folder, ModelConfig config, string method, JsonObject settings, string scaleType = "F16")
    {
        QuantizedFolders made = new(1);
        made.Rewrite(folder, config, settings, method, (name, rows, columns) => made.AddIntegers(name, rows, columns, method == "awq", settings, scaleType));
        return made;
    }

    /// <summary>Writes a folder of F8_E4M3 with scales.</summary>
    /// <param name="folder">The folder; it holds the model unquantized, and loses its projections.</param>
    /// <param name="config">Its configuration; of the family of Llama.</param>
    /// <param name="method">fp8 or compressed-tensors.</param>
    /// <param name="settings">Goes into <c>quantization_config</c>.</param>
    /// <param name="suffix">weight_scale_inv or weight_scale.</param>
    /// <param name="blockRows">Rows that share a scale; 0 for all.</param>
    /// <param name="blockColumns">Columns that share a scale; 0 for all.</param>
    public static QuantizedFolders Floats(string folder, ModelConfig config, string method, JsonObject settings, string suffix, int blockRows, int blockColumns)
    {
        QuantizedFolders made = new(1);
        made.Rewrite(folder, config, settings, method, (name, rows, columns) => made.AddFloats(name, rows, columns, suffix, blockRows, blockColumns));
        return made;
    }

    /// <summary>The file of some tensors.</summary>
    public static byte[] Safetensors(IEnumerable<(string Name, string Type, long[] Shape, byte[] Bytes)> tensors)
    {
        JsonObject header = [];
        using MemoryStream data = new();
        foreach ((string name, string type, long[] shape, byte[] bytes) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(data.Length, data.Length + bytes.Length),
            };
            data.Write(bytes);
        }

        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] file = new byte[8 + ((text.Length + 7) / 8 * 8) + data.Length];
        file.AsSpan(8).Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(file, (text.Length + 7) / 8 * 8);
        text.CopyTo(file, 8);
        data.ToArray().CopyTo(file, file.Length - data.Length);
        return file;
    }

    private void Rewrite(string folder, ModelConfig config, JsonObject settings, string method, Action<string, int, int> add)
    {
        string path = Path.Combine(folder, "model.safetensors");
        byte[] file = File.ReadAllBytes(path);
        Dictionary<string, TensorSpec> specs = TensorCatalog.For(config).ToDictionary(tensor => tensor.Name);
        using (SafetensorsFile stored = SafetensorsFile.Open(path))
        {
            foreach (StoredTensor tensor in stored.Tensors.Values.OrderBy(tensor => tensor.Offset))
            {
                if (tensor.Name.Contains("_proj", StringComparison.Ordinal))
                {
                    add(tensor.Name, specs[tensor.Name].Rows, specs[tensor.Name].Columns);
                }
                else
                {
                    _tensors.Add((tensor.Name, tensor.Type.Name, [.. tensor.Shape], file[(int)tensor.Offset..(int)(tensor.Offset + tensor.ByteLength)]));
                }
            }
        }

        File.WriteAllBytes(path, Safetensors(_tensors));
        string configPath = Path.Combine(folder, "config.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(configPath))!.AsObject();
        settings = settings.DeepClone().AsObject();
        settings["quant_method"] = method;
        json["quantization_config"] = settings;
        File.WriteAllText(configPath, json.ToJsonString());
    }

    private void AddIntegers(string name, int rows, int columns, bool awq, JsonObject settings, string scaleType)
    {
        int bits = (int)settings["bits"]!;
        int size = (int)settings["group_size"]! is var given and > 0 ? given : columns;
        bool symmetric = (bool?)settings["sym"] ?? false;
        int groups = (columns + size - 1) / size;
        int offset = !awq && (string?)settings["checkpoint_format"] != "gptq_v2" ? 1 : 0;
        int[] order = [.. Enumerable.Range(0, columns).Select(column => column / size)];
        if ((bool?)settings["desc_act"] is true)
        {
            order = [.. order.OrderBy(_ => Below(1 << 30))];
        }

        int[,] integers = new int[rows, columns];
        int[,] zeros = new int[groups, rows];
        double[,] scales = new double[groups, rows];
        byte[] scaleBytes = new byte[groups * rows * (scaleType == "F32" ? 4 : 2)];
        for (int group = 0; group < groups; group++)
        {
            for (int row = 0; row < rows; row++)
            {
                zeros[group, row] = symmetric ? 1 << (bits - 1) : offset + Below((1 << bits) - offset);
                scales[group, row] = Scale(scaleType, scaleBytes, (group * rows) + row);
            }
        }

        double[] weights = new double[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                integers[row, column] = Below(1 << bits);
                weights[(row * columns) + column] = scales[order[column], row] * (integers[row, column] - zeros[order[column], row]);
            }
        }

        Weights[name] = weights;
        string layer = name[..^".weight".Length];
        int perWord = 32 / bits;
        (int High, int Wide) packed = awq ? (columns, rows / perWord) : (columns / perWord, rows);
        Add(layer + ".qweight", packed.High, packed.Wide, (high, wide, i) => awq ? integers[(wide * perWord) + AwqOrder[i], high] : integers[wide, (high * perWord) + i], bits);
        Add(layer + ".qzeros", groups, rows / perWord, (group, wide, i) => zeros[group, (wide * perWord) + (awq ? AwqOrder[i] : i)] - offset, bits);
        _tensors.Add((layer + ".scales", scaleType, [groups, rows], scaleBytes));
        if (!awq)
        {
            _tensors.Add((layer + ".g_idx", "I32", [columns], [.. order.SelectMany(BitConverter.GetBytes)]));
            _tensors.Add((layer + ".bias", "F16", [rows], new byte[rows * 2]));
        }
    }

    private void Add(string name, int high, int wide, Func<int, int, int, int> integer, int bits)
    {
        byte[] bytes = new byte[high * wide * 4];
        for (int row = 0; row < high; row++)
        {
            for (int column = 0; column < wide; column++)
            {
                uint word = 0;
                for (int i = 0; i < 32 / bits; i++)
                {
                    word |= (uint)integer(row, column, i) << (bits * i);
                }

                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(((row * wide) + column) * 4), word);
            }
        }

        _tensors.Add((name, "I32", [high, wide], bytes));
    }

    private void AddFloats(string name, int rows, int columns, string suffix, int blockRows, int blockColumns)
    {
        blockRows = blockRows > 0 ? blockRows : rows;
        blockColumns = blockColumns > 0 ? blockColumns : columns;
        (int high, int wide) = ((rows + blockRows - 1) / blockRows, (columns + blockColumns - 1) / blockColumns);
        byte[] scaleBytes = new byte[high * wide * 4];
        double[] scales = [.. Enumerable.Range(0, high * wide).Select(index => Scale("F32", scaleBytes, index))];
        byte[] bytes = new byte[rows * columns];
        double[] weights = new double[rows * columns];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Below(2) << 7 | Below(0x7F));
            int exponent = (bytes[i] >> 3) & 15;
            int fraction = bytes[i] & 7;
            double magnitude = exponent == 0 ? fraction * Math.Pow(2, -9) : (1 + (fraction / 8.0)) * Math.Pow(2, exponent - 7);
            weights[i] = (bytes[i] >= 0x80 ? -magnitude : magnitude) * scales[(i / columns / blockRows * wide) + (i % columns / blockColumns)];
        }

        Weights[name] = weights;
        _tensors.Add((name, "F8_E4M3", [rows, columns], bytes));
        _tensors.Add((name[..^"weight".Length] + suffix, "F32", high * wide == 1 ? [1] : [high, wide], scaleBytes));
        _tensors.Add((name[..^"weight".Length] + "input_scale", "F32", [1], BitConverter.GetBytes(1f)));
    }

    private double Scale(string type, byte[] bytes, int index)
    {
        double value = (1 + Below(1023)) / 65536.0;
        switch (type)
        {
            case "F16":
                BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(index * 2), (Half)value);
                return (double)(Half)value;
            case "F32":
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(index * 4), (float)value);
                return (float)value;
            default:
                float cut = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits((float)value) & 0xFFFF0000);
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(index * 2), (ushort)(BitConverter.SingleToUInt32Bits(cut) >> 16));
                return cut;
        }
    }

    private int Below(int bound) => (int)(_random.Next() % (ulong)bound);
}
