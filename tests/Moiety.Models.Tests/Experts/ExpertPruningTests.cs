using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics;
using Moiety.Numerics.Randomness;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Experts;

/// <summary>A pruned model has the tensors of the experts that stay, bit for bit, in files of both kinds and of every way to route.</summary>
public sealed class ExpertPruningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Cases => new()
    {
        { "mixtral", "5" },
        { "olmoe", "50%" },
        { "qwen2_moe", "3" },
        { "qwen3_moe", "7" },
        { "deepseek", "4" },
        { "deepseek_v3", "8" },
        { "deepseek_v2", "5" },
        { "gpt_oss", "4" },
        { "phimoe", "2" },
        { "granitemoeshared", "6" },
        { "ernie4_5_moe", "0.5" },
        { "moiety_moe", "1,3" },
        { "moiety_moe", "50%" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_stays_is_what_it_was(string family, string keep)
    {
        ModelConfig config = ConfigOf(family);
        using RandomCheckpoint whole = new(config, seed: 3);
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse(keep), RandomScores(config));
        using Checkpoint view = ExpertPruning.Apply(whole, plan);
        foreach (string name in (string[])["model.gguf", "model"])
        {
            CheckpointWriter.Write(_folder[name], view, TensorSource.From(view), null);
            using Checkpoint pruned = Checkpoint.Open(_folder[name]);
            Assert.Equal(plan.Config, pruned.Config with { Rotary = plan.Config.Rotary, LayerAttentions = plan.Config.LayerAttentions });
            foreach (TensorSpec tensor in TensorCatalog.For(plan.Config).Where(tensor => tensor.Layer >= 0 && IsOfExperts(tensor.Role)))
            {
                ImmutableArray<int> kept = plan.Kept[tensor.Layer];
                float[] expected = tensor.Expert >= 0
                    ? whole.Values(tensor.Name.Replace($".experts.{tensor.Expert}.", $".experts.{kept[tensor.Expert]}.", StringComparison.Ordinal))
                    : Pick(whole.Values(tensor.Name), kept, config.FeedForwards[tensor.Layer].Moe!.ExpertCount);
                Assert.Equal(expected, Values(pruned, tensor.Name));
                Assert.Equal(expected, Values(view, tensor.Name));
            }

            Assert.Equal(Values(whole, TensorNames.Embedding), Values(pruned, TensorNames.Embedding));
        }
    }

    [Theory]
    [InlineData("mixtral", "8")]
    [InlineData("deepseek_v3", "100%")]
    [InlineData("moiety_moe", "2,4")]
    public void All_experts_are_the_model_itself_bit_for_bit(string family, string keep)
    {
        ModelConfig config = ConfigOf(family);
        using RandomCheckpoint whole = new(config, seed: 3);
        using Checkpoint view = ExpertPruning.Apply(whole, ExpertPruning.Plan(config, ExpertBudget.Parse(keep), RandomScores(config)));
        CheckpointWriter.Write(_folder["a.gguf"], whole, TensorSource.From(whole), null);
        CheckpointWriter.Write(_folder["b.gguf"], view, TensorSource.From(view), null);
        Assert.Equal(File.ReadAllBytes(_folder["a.gguf"]), File.ReadAllBytes(_folder["b.gguf"]));
    }

    [Fact]
    public void The_best_experts_stay_and_of_equals_the_first()
    {
        ModelConfig config = ConfigOf("mixtral");
        Dictionary<int, ImmutableArray<double>> scores = new() { [0] = [1, 9, 3, 3, 0, 3, 8, 2], [1] = [0, 0, 0, 0, 0, 0, 0, 1] };
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse("3"), scores);
        Assert.Equal([1, 2, 6], plan.Kept[0]);
        Assert.Equal([0, 1, 7], plan.Kept[1]);
    }

    [Fact]
    public void Groups_stay_equal()
    {
        ModelConfig config = ConfigOf("deepseek_v3");
        MoeConfig moe = config.FeedForwards[1].Moe! with { ExpertCount = 16 };
        config = config with { FeedForwards = [.. config.FeedForwards.Select(layer => layer.Moe is null ? layer : layer with { Moe = moe })] };
        Dictionary<int, ImmutableArray<double>> scores = RandomScores(config);
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse("8"), scores);
        foreach ((int layer, ImmutableArray<int> kept) in plan.Kept)
        {
            Assert.Equal([0, 0, 1, 1, 2, 2, 3, 3], kept.Select(expert => expert / 4));
            Assert.All(kept, expert => Assert.True(Enumerable.Range(expert / 4 * 4, 4).Count(other => scores[layer][other] > scores[layer][expert]) < 2));
        }

        Assert.Contains("multiple of 4", Refusal(config, "9"), StringComparison.Ordinal);
        Assert.Contains("groups of one", Refusal(config with { FeedForwards = [.. config.FeedForwards.Select(layer => layer.Moe is null ? layer : layer with { Moe = moe with { TopK = 2 } })] }, "4"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_family_with_one_number_for_all_layers_gets_the_smallest_and_says_so()
    {
        ModelConfig config = ConfigOf("olmoe");
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse("6,4"), RandomScores(config));
        Assert.All(plan.Kept.Values, kept => Assert.Equal(4, kept.Length));
        Assert.Contains("smallest", Assert.Single(plan.Notes), StringComparison.Ordinal);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => ExpertPruning.Plan(config, ExpertBudget.Parse("6"), RandomScores(config), [1]));
        Assert.Contains("some layers alone", error.Message, StringComparison.Ordinal);
        PruningPlan pyramid = ExpertPruning.Plan(ConfigOf("moiety_moe"), ExpertBudget.Parse("2"), RandomScores(ConfigOf("moiety_moe")), [3]);
        Assert.Equal([2, 2], pyramid.Kept.Values.Select(kept => kept.Length));
    }

    [Theory]
    [InlineData("mixtral", "9", "has 8 experts")]
    [InlineData("mixtral", "1", "visits 2 experts")]
    [InlineData("olmoe", "2", "visits 3 experts")]
    [InlineData("mixtral", "4,4,4", "names 3 layers")]
    [InlineData("llama", "4", "dense")]
    [InlineData("mixtral", "0", "\"0\"")]
    [InlineData("mixtral", "many", "\"many\"")]
    [InlineData("mixtral", "120%", "share")]
    [InlineData("mixtral", "0.0", "share")]
    public void What_cannot_be_is_refused_by_name(string family, string keep, string message) =>
        Assert.Contains(message, Refusal(ConfigOf(family), keep), StringComparison.Ordinal);

    [Fact]
    public void Experts_that_a_table_names_cannot_go()
    {
        ModelConfig config = ConfigOf("moiety_moe");
        FeedForwardConfig hashed = config.FeedForwards[3] with { Moe = config.FeedForwards[3].Moe! with { Gating = GatingKind.Hash } };
        config = config with { FeedForwards = config.FeedForwards.SetItem(3, hashed) };
        Assert.Contains("hash routing", Refusal(config, "50%"), StringComparison.Ordinal);
        Assert.Equal([1, 4], ExpertPruning.Plan(config, ExpertBudget.Parse("1"), RandomScores(config), [1]).Kept.Values.Select(kept => kept.Length));
    }

    [Fact]
    public void Scales_multiply_what_experts_give()
    {
        ModelConfig config = ConfigOf("gpt_oss");
        using RandomCheckpoint whole = new(config, seed: 3);
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse("4"), RandomScores(config));
        using Checkpoint view = ExpertPruning.Apply(whole, plan, plan.Kept.ToDictionary(pair => pair.Key, _ => ImmutableArray.Create(0.5, 1, 0.25, 0)));
        ImmutableArray<int> kept = plan.Kept[1];
        Assert.Equal(whole.Values(TensorNames.ExpertDown(1, kept[0])).Select(value => value / 2), Values(view, TensorNames.ExpertDown(1, 0)));
        Assert.Equal(whole.Values(TensorNames.ExpertDownBias(1, kept[2])).Select(value => value / 4), Values(view, TensorNames.ExpertDownBias(1, 2)));
        Assert.Equal(whole.Values(TensorNames.ExpertUp(1, kept[3])), Values(view, TensorNames.ExpertUp(1, 3)));
    }

    private static string Refusal(ModelConfig config, string keep) =>
        Assert.Throws<InvalidInputException>(() => ExpertPruning.Plan(config, ExpertBudget.Parse(keep), RandomScores(config))).Message;

    private static bool IsOfExperts(TensorRole role) => role is TensorRole.Router or TensorRole.RouterBias or TensorRole.SelectionBias
        or TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown or TensorRole.ExpertGateBias or TensorRole.ExpertUpBias or TensorRole.ExpertDownBias;

    private static float[] Pick(float[] values, ImmutableArray<int> kept, int experts)
    {
        int width = values.Length / experts;
        return [.. kept.SelectMany(expert => values.Skip(expert * width).Take(width))];
    }

    private static unsafe float[] Values(Checkpoint checkpoint, string name)
    {
        Matrix matrix = checkpoint.GetTensor(name);
        float[] values = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), (int)matrix.RowBytes), values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return values;
    }

    private static ModelConfig ConfigOf(string family)
    {
        if (family == "moiety_moe")
        {
            return FamilyModels.Moiety();
        }

        if (family == "llama")
        {
            return FamilyModels.Llama();
        }

        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(FamilyCases.All[family].Config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }

    private static Dictionary<int, ImmutableArray<double>> RandomScores(ModelConfig config)
    {
        Dictionary<int, ImmutableArray<double>> scores = [];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            if (config.FeedForwards[layer].Moe is { } moe)
            {
                Xoshiro256 random = new(5, (ulong)layer);
                float[] values = new float[moe.ExpertCount];
                random.FillNormal(values, 1);
                scores[layer] = [.. values.Select(value => (double)value)];
            }
        }

        return scores;
    }
}
