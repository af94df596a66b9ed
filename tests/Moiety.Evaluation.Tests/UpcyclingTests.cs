using System.Numerics.Tensors;
using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Numerics.Formats;

namespace Moiety.Evaluation.Tests;

/// <summary>An upcycled model computes what the dense model computes.</summary>
public class UpcyclingTests
{
    [Theory]
    [InlineData("a", 8, 2, "", false, "mixtral")]
    [InlineData("a.gguf", 5, 3, "", false, "mixtral")]
    [InlineData("a", 4, 2, "0,2", false, "moiety_moe")]
    [InlineData("a.gguf", 6, 2, "1", true, "moiety_moe")]
    [InlineData("a", 3, 3, "", true, "moiety_moe")]
    public void Logits_are_those_of_the_dense_model(string name, int experts, int topK, string layers, bool residual, string family)
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint dense = new(SmallModels.Dense, seed: 4);
        UpcycleOptions options = Options(experts, topK, layers) with { Residual = residual };
        using Checkpoint upcycled = Write(folder[name], dense, options);
        Assert.Equal(family, upcycled.Config.Family);
        float[] expected = Logits(dense);
        AssertNear(expected, Logits(upcycled), 1e-5);
    }

    [Theory]
    [InlineData("a", 4, 2, 2, false, "mixtral")]
    [InlineData("a.gguf", 3, 1, 4, false, "mixtral")]
    [InlineData("a", 2, 2, 3, true, "moiety_moe")]
    [InlineData("a.gguf", 4, 2, 1, true, "moiety_moe")]
    [InlineData("a.gguf", 8, 2, 32, true, "moiety_moe")]
    public void Slices_in_virtual_groups_and_shared_experts_compute_the_dense_model_and_say_the_same(string name, int copies, int topK, int slices, bool shared, string family)
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint dense = new(SmallModels.Dense, seed: 4);
        using Checkpoint upcycled = Write(folder[name], dense, Options(copies, topK, "") with { SplitFactor = slices, Shared = shared });
        MoeConfig moe = upcycled.Config.FeedForwards[1].Moe!;
        Assert.Equal(family, upcycled.Config.Family);
        Assert.Equal((copies * slices, topK * slices, 96 / slices, shared ? 96 : 0), (moe.ExpertCount, moe.TopK, moe.ExpertIntermediateSize, moe.SharedIntermediateSize));
        AssertNear(Logits(dense), Logits(upcycled), 1e-5);
        Assert.Equal(Greedy(dense), Greedy(upcycled));
    }

    [Fact]
    public void Without_virtual_groups_slices_do_not_compute_the_dense_model()
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint dense = new(SmallModels.Dense, seed: 4);
        using Checkpoint upcycled = Write(folder["a"], dense, Options(4, 2, "") with { SplitFactor = 4, VirtualGroups = false });
        Assert.True(Distance(Logits(dense), Logits(upcycled)) > 0.01);
    }

    [Fact]
    public void Slices_of_quantized_projections_are_cut_at_whole_blocks_or_stored_in_another_format()
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint dense = new(SmallModels.Dense, seed: 4, StorageFormats.Q8_0);
        foreach (int slices in (int[])[3, 4])
        {
            UpcycleOptions options = Options(4, 2, "") with { SplitFactor = slices };
            ModelConfig config = Upcycling.Describe(dense.Config, options);
            using Checkpoint upcycled = Checkpoint.Open(CheckpointWriter.Write(folder[$"{slices}.gguf"], dense, Upcycling.Tensors(dense, config, options), null, config: config));
            Assert.Equal(StorageFormats.Q8_0, upcycled.Describe(TensorNames.ExpertUp(0, 1)).Format);
            Assert.Equal(slices == 3 ? StorageFormats.Q8_0 : StorageFormats.F16, upcycled.Describe(TensorNames.ExpertDown(0, 1)).Format);
            AssertNear(Logits(dense), Logits(upcycled), 0.02);
        }
    }

    [Fact]
    public void Without_normalization_an_undecided_router_gives_the_dense_model_too()
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint dense = new(SmallModels.Dense, seed: 4);
        using Checkpoint top1 = Write(folder["a"], dense, Options(4, 1, "") with { RouterDeviation = 0 });
        Assert.False(top1.Config.FeedForwards[0].Moe!.NormalizeTopK);
        AssertNear(Logits(dense), Logits(top1), 1e-5);
    }

    [Fact]
    public void Noise_sets_experts_apart_and_the_seed_decides_it()
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint dense = new(SmallModels.Dense, seed: 4);
        UpcycleOptions options = Options(4, 2, "") with { Noise = 0.05 };
        using Checkpoint one = Write(folder["one"], dense, options);
        using Checkpoint same = Write(folder["same"], dense, options);
        using Checkpoint other = Write(folder["other"], dense, options with { Seed = 2 });
        Assert.Equal(Logits(one), Logits(same));
        Assert.NotEqual(Logits(one), Logits(other));
        Assert.NotEqual(Logits(one), Logits(dense));
    }

    [Fact]
    public void What_cannot_be_is_refused_by_name()
    {
        static string Refusal(ModelConfig config, UpcycleOptions options) => Assert.Throws<InvalidInputException>(() => Upcycling.Describe(config, options)).Message;
        Assert.Contains("layer 7", Refusal(SmallModels.Dense, Options(4, 2, "7")), StringComparison.Ordinal);
        Assert.Contains("experts already", Refusal(SmallModels.Pyramid, Options(4, 2, "")), StringComparison.Ordinal);
        Assert.Contains("5 of 4", Refusal(SmallModels.Dense, Options(4, 5, "")), StringComparison.Ordinal);
        Assert.Contains("5 slices do not divide", Refusal(SmallModels.Dense, Options(4, 2, "") with { SplitFactor = 5 }), StringComparison.Ordinal);
        Assert.Contains("not both", Refusal(SmallModels.Dense, Options(4, 2, "") with { Shared = true, Residual = true }), StringComparison.Ordinal);
        Assert.Contains("noise", Refusal(SmallModels.Dense, Options(4, 2, "") with { Noise = -1 }), StringComparison.Ordinal);
        Assert.Contains("QueryKeyValueBias", Refusal(SmallModels.Dense with { Attention = new() { QueryKeyValueBias = true } }, Options(4, 2, "")), StringComparison.Ordinal);
    }

    private static UpcycleOptions Options(int experts, int topK, string layers) =>
        new() { ExpertCount = experts, TopK = topK, Layers = layers.Length == 0 ? default : [.. layers.Split(',').Select(int.Parse)] };

    private static Checkpoint Write(string path, Checkpoint dense, UpcycleOptions options)
    {
        ModelConfig config = Upcycling.Describe(dense.Config, options);
        return Checkpoint.Open(CheckpointWriter.Write(path, dense, Upcycling.Tensors(dense, config, options), null, StorageFormats.F32, config: config));
    }

    private static int[] Greedy(Checkpoint model)
    {
        using Engine engine = Engine.Open(model, Engines.Small);
        using KvCache cache = engine.CreateCache();
        int[] next = RandomTokens.Draw(3, 5, model.Config.VocabularySize);
        List<int> said = [];
        Batch batch = new();
        while (said.Count < 40)
        {
            batch.Clear();
            batch.Add(cache, next);
            said.Add(TensorPrimitives.IndexOfMax(engine.Step(batch, TestContext.Current.CancellationToken).Logits(0)));
            next = [said[^1]];
        }

        return [.. said];
    }

    private static float[] Logits(Checkpoint model)
    {
        // Keys and values in half precision would round differences of 1e-7 up to steps of half precision.
        using Engine engine = Engine.Open(model, Engines.Small);
        List<float> all = [];
        LogitsReader.Read(engine, RandomTokens.Draw(1, 40, model.Config.VocabularySize), 0, (_, logits) => all.AddRange(logits));
        return [.. all];
    }

    private static void AssertNear(float[] expected, float[] actual, double tolerance) =>
        Assert.True(Distance(expected, actual) <= tolerance, $"{Distance(expected, actual):e2} of the range");

    private static double Distance(float[] expected, float[] actual)
    {
        double range = TensorPrimitives.Max<float>(expected) - TensorPrimitives.Min<float>(expected);
        return expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max() / range;
    }
}
