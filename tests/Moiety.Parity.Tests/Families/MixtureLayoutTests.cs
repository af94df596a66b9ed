using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Inference;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;
using Moiety.Testing.Families;

namespace Moiety.Parity.Tests.Families;

/// <summary>Layouts of files with experts that other programs write and we do not: what the engine computes from them is what llama.cpp computes.</summary>
public class MixtureLayoutTests
{
    private const int Length = 48;

    // |Δlogit| relative to the range of the oracle's logits, both in F32. Largest seen: 1e-6.
    private const double Bound = 5e-6;

    [Theory]
    [InlineData("deepseek_v2, lite")]
    [InlineData("deepseek_v2")]
    [InlineData("deepseek_v3")]
    public void Latent_attention_in_two_halves_as_newer_converters_write_it_is_what_llama_cpp_computes(string name)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        ModelConfig config = Read(FamilyCases.All[name].Config);
        using RandomCheckpoint weights = new(config, 5);
        using TemporaryFolder folder = new();
        GgufWriter.Write(folder["joined.gguf"], config, TensorSource.From(weights), tokenizer: null);
        WriteHalves(folder["joined.gguf"], folder["halves.gguf"], config);
        int[] text = RandomTokens.Draw(7, Length, config.VocabularySize);
        float[][] expected = Oracle(library, folder["halves.gguf"], config, text);
        AssertEngine(folder["halves.gguf"], config, expected, text);
    }

    [Fact]
    public void GPT_OSS_with_experts_in_MXFP4_is_what_llama_cpp_computes_with_their_values()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        ModelConfig config = Read(FamilyCases.All["gpt_oss"].Config);
        using RandomCheckpoint weights = new(config, 5);
        using RandomCheckpoint decoded = new(config, 5);
        foreach (TensorSpec expert in TensorCatalog.For(config).Where(tensor => tensor.Expert >= 0 && !tensor.IsVector))
        {
            weights.SetTensor(expert.Name, expert.Rows, expert.Columns, RandomWeights.Values(expert, 5), StorageFormats.MXFP4);
            decoded.SetTensor(expert.Name, expert.Rows, expert.Columns, weights.Values(expert.Name));
        }

        using TemporaryFolder folder = new();
        GgufWriter.Write(folder["decoded.gguf"], config, TensorSource.From(decoded), tokenizer: null);
        GgufWriter.Write(folder["model.gguf"], config, TensorSource.From(weights), tokenizer: null);
        HuggingFaceWriter.Write(folder["model"], config, TensorSource.From(decoded), tokenizer: null);
        PublishAsMxfp4(folder["model"], config, weights);
        int[] text = RandomTokens.Draw(7, Length, config.VocabularySize);
        float[][] expected = Oracle(library, folder["decoded.gguf"], config, text);
        foreach (string path in (string[])[folder["model.gguf"], folder["model"]])
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            Assert.Equal(StorageFormats.MXFP4, checkpoint.Describe(TensorNames.ExpertGate(0, 1)).Format);
            Assert.Equal(StorageFormats.MXFP4, checkpoint.Describe(TensorNames.ExpertDown(0, 1)).Format);
            AssertEngine(path, config, expected, text);
        }
    }

    private static float[][] Oracle(LlamaCppLibrary library, string path, ModelConfig config, int[] text)
    {
        using LlamaCppModel oracle = new(library, path);
        using LlamaCppContext context = oracle.CreateContext(config.ContextLength);
        return context.AllLogits(text);
    }

    private static void AssertEngine(string path, ModelConfig config, float[][] expected, int[] text)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Assert.Equal(config, checkpoint.Config with { Rotary = config.Rotary, LayerAttentions = config.LayerAttentions });
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact() with { ActivationPrecision = ActivationPrecision.Single });
        Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, text)), 0, Bound);
    }

    // The cache is described instead of the heads, which have keys of their own; the plain key rows of each head are transposed.
    private static void WriteHalves(string source, string target, ModelConfig config)
    {
        LatentAttentionConfig latent = config.Attention.Latent!;
        int rank = latent.KeyValueRank;
        int rows = latent.PlainHeadSize + latent.ValueHeadSize;
        void Change(GgufMetadata metadata)
        {
            void Set(string key, int value) => metadata.Set($"deepseek2.attention.{key}", GgufValue.OfSize(value));
            Set("head_count_kv", 1);
            Set("key_length", rank + latent.RotaryHeadSize);
            Set("value_length", rank);
            Set("key_length_mla", config.HeadSize);
            Set("value_length_mla", latent.ValueHeadSize);
        }

        IEnumerable<(TensorDeclaration, byte[])> Replace(TensorDeclaration tensor, byte[] bytes)
        {
            if (!tensor.Name.EndsWith("attn_kv_b.weight", StringComparison.Ordinal))
            {
                return [(tensor, bytes)];
            }

            float[] joined = [.. MemoryMarshal.Cast<byte, float>(bytes)];
            float[] keys = [.. Enumerable.Range(0, config.HeadCount).SelectMany(head => Enumerable.Range(0, rank).SelectMany(column =>
                Enumerable.Range(0, latent.PlainHeadSize).Select(row => joined[(((head * rows) + row) * rank) + column])))];
            float[] values = [.. Enumerable.Range(0, config.HeadCount).SelectMany(head =>
                joined.AsSpan(((head * rows) + latent.PlainHeadSize) * rank, latent.ValueHeadSize * rank).ToArray())];
            string layer = tensor.Name[..^"attn_kv_b.weight".Length];
            return
            [
                (new TensorDeclaration(layer + "attn_k_b.weight", StorageFormats.F32, [config.HeadCount, rank, latent.PlainHeadSize]), MemoryMarshal.AsBytes<float>(keys).ToArray()),
                (new TensorDeclaration(layer + "attn_v_b.weight", StorageFormats.F32, [config.HeadCount, latent.ValueHeadSize, rank]), MemoryMarshal.AsBytes<float>(values).ToArray()),
            ];
        }

        GgufRewriting.Copy(source, target, Change, Replace);
    }

    // As OpenAI publishes the experts: nibbles in "_blocks", neighbors in a byte, exponents in "_scales", rows of gate and up in turns.
    private static void PublishAsMxfp4(string folder, ModelConfig config, RandomCheckpoint weights)
    {
        string path = Path.Combine(folder, "model.safetensors");
        byte[] file = File.ReadAllBytes(path);
        List<(string, string, long[], byte[])> tensors = [];
        using (SafetensorsFile plain = SafetensorsFile.Open(path))
        {
            foreach (StoredTensor tensor in plain.Tensors.Values.Where(tensor => !tensor.Name.EndsWith("gate_up_proj", StringComparison.Ordinal) && !tensor.Name.EndsWith("experts.down_proj", StringComparison.Ordinal)))
            {
                tensors.Add((tensor.Name, tensor.Type.Name, [.. tensor.Shape], file[(int)tensor.Offset..(int)(tensor.Offset + tensor.ByteLength)]));
            }
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            MoeConfig moe = config.FeedForwards[layer].Moe!;
            int inner = moe.ExpertIntermediateSize;
            string prefix = $"model.layers.{layer}.mlp.experts.";
            Add(prefix + "gate_up_proj", 2 * inner, config.HiddenSize, (expert, row) => (row % 2 == 0 ? TensorNames.ExpertGate(layer, expert) : TensorNames.ExpertUp(layer, expert), row / 2));
            Add(prefix + "down_proj", config.HiddenSize, inner, (expert, row) => (TensorNames.ExpertDown(layer, expert), row));
        }

        File.WriteAllBytes(path, QuantizedFolders.Safetensors(tensors));
        string json = Path.Combine(folder, "config.json");
        JsonObject settings = JsonNode.Parse(File.ReadAllText(json))!.AsObject();
        settings["quantization_config"] = new JsonObject { ["quant_method"] = "mxfp4" };
        File.WriteAllText(json, settings.ToJsonString());

        void Add(string name, int rows, int columns, Func<int, int, (string Tensor, int Row)> find)
        {
            int experts = config.FeedForwards[0].Moe!.ExpertCount;
            List<byte> nibbles = [];
            List<byte> exponents = [];
            foreach ((string tensor, int row) in Enumerable.Range(0, experts).SelectMany(expert => Enumerable.Range(0, rows).Select(row => find(expert, row))))
            {
                foreach (byte[] block in Row(weights, tensor, row).Chunk(1 + 16))
                {
                    int Element(int index) => (block[1 + (index % 16)] >> (index < 16 ? 0 : 4)) & 15;
                    exponents.Add(block[0]);
                    nibbles.AddRange(Enumerable.Range(0, 16).Select(pair => (byte)(Element(2 * pair) | (Element((2 * pair) + 1) << 4))));
                }
            }

            tensors.Add((name + "_blocks", "U8", [experts, rows, columns / 32, 16], [.. nibbles]));
            tensors.Add((name + "_scales", "U8", [experts, rows, columns / 32], [.. exponents]));
        }
    }

    private static unsafe byte[] Row(RandomCheckpoint weights, string tensor, int row)
    {
        Matrix matrix = weights.GetTensor(tensor);
        return new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), (int)matrix.RowBytes).ToArray();
    }

    private static ModelConfig Read(string config)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
