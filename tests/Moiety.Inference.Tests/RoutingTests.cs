using CsCheck;
using Moiety.Inference.Routing;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>The gate chooses what a full sort would, and the mapping table is the sorted list of choices.</summary>
public unsafe class RoutingTests
{
    [Fact]
    public void The_table_lists_the_choices_by_expert_then_token()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 4], Gen.Int[4, 12], Gen.Int[0, int.MaxValue]).Sample(
            (rows, topK, experts, seed) =>
            {
                using RoutingTable table = new();
                table.Ensure(rows, topK, experts);
                int[] chosen = [.. Enumerable.Range(0, rows * topK).Select(choice => (choice % topK * 3 + choice / topK * (seed % 7) + seed) % experts)];
                chosen.CopyTo(new Span<int>(table.ExpertOf, chosen.Length));
                table.Sort(rows, topK, experts);
                int[] order = [.. Enumerable.Range(0, chosen.Length).OrderBy(choice => chosen[choice]).ThenBy(choice => choice)];
                Assert.Equal(order.Select(choice => choice / topK), new Span<int>(table.RowOf, chosen.Length).ToArray());
                Assert.Equal(Enumerable.Range(0, chosen.Length), order.Select(choice => table.SlotOf[choice]));
                Assert.Equal(Enumerable.Range(0, experts + 1).Select(expert => chosen.Count(choice => choice < expert)), new Span<int>(table.ExpertOffsets, experts + 1).ToArray());
            },
            iter: 300, threads: 1);
    }

    [Fact]
    public void The_gate_chooses_the_largest_logits_and_ties_go_to_the_lower_id()
    {
        // Small integers: ties are common.
        Gen.Select(Gen.Int[-3, 3].Array[4, 16], Gen.Int[1, 4], Gen.Bool).Sample(
            (numbers, topK, normalize) =>
            {
                float[] logits = [.. numbers.Select(number => (float)number)];
                double total = numbers.Sum(number => Math.Exp(number));
                int[] expected = [.. Enumerable.Range(0, logits.Length).OrderByDescending(expert => numbers[expert]).ThenBy(expert => expert).Take(topK)];
                MoeConfig moe = new() { ExpertCount = logits.Length, TopK = topK, ExpertIntermediateSize = 32, NormalizeTopK = normalize };
                int[] experts = new int[topK];
                float[] weights = new float[topK];
                Assert.True(new Gate(moe, []).Choose(logits, new float[logits.Length], experts, weights));
                Assert.Equal(expected, experts);
                double sum = normalize ? expected.Sum(expert => Math.Exp(numbers[expert]) / total) : 1;
                Assert.All(Enumerable.Range(0, topK), choice => Assert.Equal(Math.Exp(numbers[expected[choice]]) / total / sum, weights[choice], 1e-6));
            },
            iter: 300, threads: 1);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void The_gate_refuses_logits_that_are_not_finite(float bad)
    {
        MoeConfig moe = new() { ExpertCount = 3, TopK = 1, ExpertIntermediateSize = 32, NormalizeTopK = false };
        Assert.False(new Gate(moe, []).Choose([1, bad, 2], new float[3], new int[1], new float[1]));
    }
}
