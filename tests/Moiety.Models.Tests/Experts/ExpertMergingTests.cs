using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics;
using Moiety.Numerics.Randomness;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Experts;

/// <summary>Merged experts are averages in double precision of the experts that are alike.</summary>
public sealed class ExpertMergingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mixtral", 8, 4, "model.gguf")]
    [InlineData("qwen2_moe", 8, 3, "model")]
    [InlineData("gpt_oss", 8, 5, "model.gguf")]
    [InlineData("deepseek_v3", 16, 8, "model")]
    public void A_merged_expert_is_the_average_of_its_members_weighted_by_use(string family, int experts, int left, string name)
    {
        ModelConfig config = ConfigOf(family);
        config = config with { FeedForwards = [.. config.FeedForwards.Select(layer => layer.Moe is null ? layer : layer with { Moe = layer.Moe with { ExpertCount = experts } })] };
        using RandomCheckpoint whole = new(config, seed: 3);
        MergePlan plan = ExpertMerging.Plan(config, ExpertBudget.Parse($"{left}"), ExpertMerging.RouterRows(whole), RandomUse(config));
        using Checkpoint view = ExpertMerging.Apply(whole, plan);
        CheckpointWriter.Write(_folder[name], view, TensorSource.From(view), null);
        using Checkpoint merged = Checkpoint.Open(_folder[name]);
        foreach ((int layer, ImmutableArray<ImmutableArray<int>> groups) in plan.Groups)
        {
            MoeConfig moe = config.FeedForwards[layer].Moe!;
            Assert.Equal(Enumerable.Range(0, moe.ExpertCount), groups.SelectMany(group => group).Order());
            Assert.All(groups, group => Assert.Single(group.Select(expert => expert / (moe.ExpertCount / moe.GroupCount)).Distinct()));
            ImmutableArray<double> shares = plan.Shares[layer];
            for (int index = 0; index < groups.Length; index++)
            {
                Assert.Equal(1, groups[index].Sum(expert => shares[expert]), 1e-12);
                AssertNear(Average(groups[index], shares, expert => whole.Values(TensorNames.ExpertUp(layer, expert))), Values(merged, TensorNames.ExpertUp(layer, index)));
                AssertNear(Average(groups[index], shares, expert => whole.Values(TensorNames.ExpertDown(layer, expert))), Values(merged, TensorNames.ExpertDown(layer, index)));
                AssertNear(
                    Average(groups[index], shares, expert => whole.Values(TensorNames.Router(layer))[(expert * config.HiddenSize)..((expert + 1) * config.HiddenSize)]),
                    Values(merged, TensorNames.Router(layer))[(index * config.HiddenSize)..((index + 1) * config.HiddenSize)]);
                if (moe.RouterBias)
                {
                    double expected = groups[index].Sum(expert => shares[expert] * (whole.Values(TensorNames.RouterBias(layer))[expert] - Math.Log(shares[expert])));
                    Assert.Equal(expected, Values(merged, TensorNames.RouterBias(layer))[index], 1e-5);
                    AssertNear(Average(groups[index], shares, expert => whole.Values(TensorNames.ExpertDownBias(layer, expert))), Values(merged, TensorNames.ExpertDownBias(layer, index)));
                }

                if (moe.SelectionBias)
                {
                    Assert.Equal(groups[index].Sum(expert => shares[expert] * whole.Values(TensorNames.SelectionBias(layer))[expert]), Values(merged, TensorNames.SelectionBias(layer))[index], 1e-5);
                }
            }
        }
    }

    [Fact]
    public void The_most_used_member_can_give_its_router_row()
    {
        ModelConfig config = ConfigOf("mixtral");
        using RandomCheckpoint whole = new(config, seed: 3);
        Dictionary<int, ImmutableArray<double>> use = new() { [0] = [5, 1, 1, 1, 9, 1, 1, 1], [1] = [0, 0, 0, 0, 0, 0, 0, 0] };
        ImmutableArray<float[]> alike = [.. Enumerable.Range(0, 8).Select(expert => new[] { expert < 4 ? 0f : 1f })];
        MergePlan plan = ExpertMerging.Plan(config, ExpertBudget.Parse("2"), new Dictionary<int, ImmutableArray<float[]>> { [0] = alike, [1] = alike }, use);
        Assert.Equal([[0, 1, 2, 3], [4, 5, 6, 7]], plan.Groups[0].Select(group => group.ToArray()));
        Assert.Equal(Enumerable.Repeat(0.25, 8), plan.Shares[1]);
        using Checkpoint merged = ExpertMerging.Apply(whole, plan, new MergeOptions { DominantRow = true });
        float[] rows = whole.Values(TensorNames.Router(0));
        Assert.Equal([.. rows[..64], .. rows[256..320]], Values(merged, TensorNames.Router(0)));
    }

    [Fact]
    public void An_expert_whose_units_are_in_another_order_is_the_same_after_alignment()
    {
        ModelConfig config = ConfigOf("gpt_oss");
        using RandomCheckpoint whole = new(config, seed: 3);
        int width = config.FeedForwards[0].Moe!.ExpertIntermediateSize;
        int hidden = config.HiddenSize;
        int[] order = [.. Enumerable.Range(0, width).Select(unit => ((unit * 5) + 3) % width)];
        foreach (string name in (string[])[TensorNames.ExpertGate(0, 1), TensorNames.ExpertUp(0, 1)])
        {
            float[] rows = whole.Values(name.Replace(".experts.1.", ".experts.0.", StringComparison.Ordinal));
            whole.SetTensor(name, width, hidden, order.SelectMany(unit => rows.Skip(unit * hidden).Take(hidden)).ToArray());
        }

        foreach (string name in (string[])[TensorNames.ExpertGateBias(0, 1), TensorNames.ExpertUpBias(0, 1)])
        {
            float[] biases = whole.Values(name.Replace(".experts.1.", ".experts.0.", StringComparison.Ordinal));
            whole.SetTensor(name, 1, width, order.Select(unit => biases[unit]).ToArray());
        }

        float[] down = whole.Values(TensorNames.ExpertDown(0, 0));
        whole.SetTensor(TensorNames.ExpertDown(0, 1), hidden, width, Enumerable.Range(0, hidden).SelectMany(row => order.Select(unit => down[(row * width) + unit])).ToArray());
        ImmutableArray<float[]> apart = [.. Enumerable.Range(0, 8).Select(expert => new[] { expert < 2 ? 0f : 10f * expert })];
        Dictionary<int, ImmutableArray<float[]>> features = Enumerable.Range(0, config.LayerCount).ToDictionary(layer => layer, _ => apart);
        Dictionary<int, ImmutableArray<double>> use = Enumerable.Range(0, config.LayerCount).ToDictionary(layer => layer, _ => ImmutableArray.Create<double>(3, 2, 1, 1, 1, 1, 1, 1));
        MergePlan plan = ExpertMerging.Plan(config, ExpertBudget.Parse("7"), features, use);
        Assert.Equal([0, 1], plan.Groups[0][0]);
        using Checkpoint aligned = ExpertMerging.Apply(whole, plan, new MergeOptions { Align = true });
        foreach (string name in (string[])[TensorNames.ExpertGate(0, 0), TensorNames.ExpertUp(0, 0), TensorNames.ExpertDown(0, 0), TensorNames.ExpertGateBias(0, 0), TensorNames.ExpertUpBias(0, 0)])
        {
            AssertNear([.. whole.Values(name).Select(value => (double)value)], Values(aligned, name));
        }

        using Checkpoint plain = ExpertMerging.Apply(whole, plan);
        Assert.True(Values(plain, TensorNames.ExpertUp(0, 0)).Zip(whole.Values(TensorNames.ExpertUp(0, 0)), (a, b) => Math.Abs(a - b)).Max() > 0.05);
    }

    [Fact]
    public void Assignments_are_the_best_of_all_permutations() =>
        Gen.Int[1, 6].SelectMany(count => Gen.Int[-50, 50].Select(value => value / 8f).Array[count * count].Select(values => (count, values))).Sample(pair =>
        {
            int[] columns = UnitAssignment.Maximize(pair.values, pair.count);
            Assert.Equal(Enumerable.Range(0, pair.count), columns.Order());
            double best = Permutations([.. Enumerable.Range(0, pair.count)]).Max(order => Sum(pair.values, order));
            Assert.Equal(best, Sum(pair.values, columns), 1e-6);
        }, iter: 500);

    [Fact]
    public void Clusters_are_those_of_average_linkage()
    {
        // By hand: 0 and 1 first (distance 1), then 3 and 4 (1.5), then 2 to {0, 1}: mean 3.5 against 5.25 to {3, 4}.
        double[] places = [0, 1, 4, 8.5, 10];
        double Distance(int one, int other) => Math.Abs(places[one] - places[other]);
        Assert.Equal([[0, 1], [2], [3], [4]], ExpertClusters.Find([0, 1, 2, 3, 4], Distance, 4).Select(cluster => cluster.ToArray()));
        Assert.Equal([[0, 1], [2], [3, 4]], ExpertClusters.Find([0, 1, 2, 3, 4], Distance, 3).Select(cluster => cluster.ToArray()));
        Assert.Equal([[0, 1, 2], [3, 4]], ExpertClusters.Find([0, 1, 2, 3, 4], Distance, 2).Select(cluster => cluster.ToArray()));
        Assert.Equal([[0, 1, 2, 3, 4]], ExpertClusters.Find([0, 1, 2, 3, 4], Distance, 1).Select(cluster => cluster.ToArray()));
    }

    [Theory]
    [InlineData("mixtral", "llama")]
    [InlineData("qwen3_moe", "qwen3")]
    [InlineData("qwen2_moe", "qwen2")]
    [InlineData("deepseek", "llama")]
    [InlineData("granitemoe", "granite")]
    [InlineData("moiety_moe", "llama")]
    public void A_dense_model_is_of_the_first_family_that_can_express_it(string family, string dense) =>
        Assert.Equal(dense, Densification.Describe(ConfigOf(family)).Family);

    [Fact]
    public void What_no_dense_family_has_is_named() =>
        Assert.Contains("no dense family", Assert.Throws<InvalidInputException>(() => Densification.Describe(ConfigOf("gpt_oss"))).Message, StringComparison.Ordinal);

    private static double Sum(float[] values, IReadOnlyList<int> order) => order.Select((column, row) => (double)values[(row * order.Count) + column]).Sum();

    private static IEnumerable<int[]> Permutations(int[] items) => items.Length <= 1
        ? [items]
        : items.SelectMany(item => Permutations([.. items.Where(other => other != item)]).Select(rest => (int[])[item, .. rest]));

    private static double[] Average(ImmutableArray<int> group, ImmutableArray<double> shares, Func<int, float[]> read)
    {
        double[] sum = new double[read(group[0]).Length];
        foreach (int expert in group)
        {
            float[] values = read(expert);
            for (int index = 0; index < sum.Length; index++)
            {
                sum[index] += shares[expert] * values[index];
            }
        }

        return sum;
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
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

        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(FamilyCases.All[family].Config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }

    private static Dictionary<int, ImmutableArray<double>> RandomUse(ModelConfig config) => Enumerable.Range(0, config.LayerCount)
        .Where(layer => config.FeedForwards[layer].Moe is not null)
        .ToDictionary(layer => layer, layer =>
        {
            Xoshiro256 random = new(5, (ulong)layer);
            return ImmutableArray.CreateRange(Enumerable.Range(0, config.FeedForwards[layer].Moe!.ExpertCount).Select(_ => 1.0 + random.NextInt32(9)));
        });
}
