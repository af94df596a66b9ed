using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Families;

/// <summary>Layouts that published folders have and that our writer does not make.</summary>
public sealed unsafe class PublishedLayoutTests : IDisposable
{
    private const int BlockLength = 32;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GPT_OSS_with_experts_in_MXFP4_is_the_GGUF_file_bit_for_bit()
    {
        ModelConfig config = Read(FamilyCases.All["gpt_oss"].Config);
        using RandomCheckpoint weights = new(config, 5);
        GgufWriter.Write(_folder["model.gguf"], config, TensorSource.From(weights), tokenizer: null, new GgufOptions
        {
            FormatFor = tensor => tensor.Role is TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown ? StorageFormats.MXFP4 : StorageFormats.F32,
        });
        using Checkpoint file = Checkpoint.Open(_folder["model.gguf"]);
        HuggingFaceWriter.Write(_folder["model"], config, TensorSource.From(weights), tokenizer: null);
        Rewrite(Path.Combine(_folder["model"], "model.safetensors"), config, file);
        string path = Path.Combine(_folder["model"], "config.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json["quantization_config"] = new JsonObject { ["quant_method"] = "mxfp4", ["modules_to_not_convert"] = new JsonArray("lm_head") };
        File.WriteAllText(path, json.ToJsonString());

        using Checkpoint folder = Checkpoint.Open(_folder["model"]);
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            Matrix expected = file.GetTensor(tensor.Name);
            Matrix actual = folder.GetTensor(tensor.Name);
            Assert.Equal((expected.Format, expected.Rows, expected.Columns), (actual.Format, actual.Rows, actual.Columns));
            Assert.True(Bytes(expected).SequenceEqual(Bytes(actual)), tensor.Name);
        }
    }

    [Fact]
    public void A_layer_that_predicts_a_second_token_is_left_out_and_reported()
    {
        ModelConfig config = Read(FamilyCases.All["deepseek_v3"].Config);
        ModelConfig longer = config with { FeedForwards = config.FeedForwards.Add(config.FeedForwards[^1]) };
        HuggingFaceWriter.Write(_folder["model"], longer, RandomWeights.Source(), tokenizer: null);
        string path = Path.Combine(_folder["model"], "config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace($"\"num_hidden_layers\": {longer.LayerCount}", $"\"num_hidden_layers\": {config.LayerCount}", StringComparison.Ordinal));
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Equal(config, checkpoint.Config);
        Assert.Contains("predict further tokens", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    // As published: [experts, rows, blocks, 16] nibbles of neighbors and [experts, rows, blocks] exponents, gate and up row by row in turns.
    private static void Rewrite(string path, ModelConfig config, Checkpoint file)
    {
        Dictionary<string, (string Type, long[] Shape, byte[] Bytes)> tensors = [];
        using (SafetensorsFile stored = SafetensorsFile.Open(path))
        {
            byte[] all = File.ReadAllBytes(path);
            foreach (StoredTensor tensor in stored.Tensors.Values.Where(tensor => !tensor.Name.EndsWith("down_proj", StringComparison.Ordinal) && !tensor.Name.EndsWith("gate_up_proj", StringComparison.Ordinal)))
            {
                tensors[tensor.Name] = ("F32", [.. tensor.Shape], all[(int)tensor.Offset..(int)(tensor.Offset + tensor.ByteLength)]);
            }
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            int index = layer;
            MoeConfig moe = config.FeedForwards[layer].Moe!;
            string prefix = $"model.layers.{layer}.mlp.experts.";
            Add(tensors, prefix + "gate_up_proj", moe.ExpertCount, 2 * moe.ExpertIntermediateSize, (expert, row) =>
                Row(file.GetTensor(row % 2 == 0 ? TensorNames.ExpertGate(index, expert) : TensorNames.ExpertUp(index, expert)), row / 2));
            Add(tensors, prefix + "down_proj", moe.ExpertCount, config.HiddenSize, (expert, row) => Row(file.GetTensor(TensorNames.ExpertDown(index, expert)), row));
        }

        WriteSafetensors(path, tensors);
    }

    private static void Add(
        Dictionary<string, (string Type, long[] Shape, byte[] Bytes)> tensors, string name, int experts, int rows, Func<int, int, byte[]> row)
    {
        List<byte> nibbles = [];
        List<byte> exponents = [];
        for (int expert = 0; expert < experts; expert++)
        {
            for (int index = 0; index < rows; index++)
            {
                foreach (byte[] block in row(expert, index).Chunk(1 + (BlockLength / 2)))
                {
                    exponents.Add(block[0]);
                    int[] values = [.. block[1..].Select(pair => pair & 15), .. block[1..].Select(pair => pair >> 4)];
                    nibbles.AddRange(values.Chunk(2).Select(pair => (byte)(pair[0] | (pair[1] << 4))));
                }
            }
        }

        long blocks = exponents.Count / (experts * rows);
        tensors[name + "_blocks"] = ("U8", [experts, rows, blocks, BlockLength / 2], [.. nibbles]);
        tensors[name + "_scales"] = ("U8", [experts, rows, blocks], [.. exponents]);
    }

    private static void WriteSafetensors(string path, Dictionary<string, (string Type, long[] Shape, byte[] Bytes)> tensors)
    {
        JsonObject header = [];
        long offset = 0;
        foreach ((string name, (string type, long[] shape, byte[] bytes)) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(offset, offset + bytes.Length),
            };
            offset += bytes.Length;
        }

        string text = header.ToJsonString();
        byte[] json = Encoding.UTF8.GetBytes(text + new string(' ', (8 - (text.Length % 8)) % 8));
        byte[] length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. tensors.Values.SelectMany(tensor => tensor.Bytes)]);
    }

    private static byte[] Row(Matrix matrix, int row) => new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), (int)matrix.RowBytes).ToArray();

    private static ReadOnlySpan<byte> Bytes(Matrix matrix) => new(matrix.Data, (int)matrix.ByteLength);

    private static ModelConfig Read(string config)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
