using CsCheck;
using Moiety.Numerics.Randomness;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing;

public class ExpertChoicesTests
{
    // Few distinct values, so that ties are common.
    private static readonly Gen<(float[] Probabilities, int Experts, int TopK)> Cases =
        Gen.Select(Gen.Int[1, 40], Gen.Int[2, 9], Gen.Int[1, 4]).SelectMany((tokens, experts, topK) =>
            Gen.Int[0, 12].Select(value => value / 12f).Array[tokens * experts].Select(values => (values, experts, Math.Min(topK, experts))));

    [Fact]
    public void Without_capacity_every_token_visits_its_k_most_probable_experts_ties_to_the_lower_id() => Cases.Sample(sample =>
    {
        RoutingTable table = Route(sample, null);
        HashSet<(long Token, long Expert)> expected = [];
        for (int token = 0; token < sample.Probabilities.Length / sample.Experts; token++)
        {
            float[] row = sample.Probabilities.AsSpan(token * sample.Experts, sample.Experts).ToArray();
            foreach (int expert in Enumerable.Range(0, sample.Experts).OrderByDescending(e => row[e]).ThenBy(e => e).Take(sample.TopK))
            {
                expected.Add((token, expert));
            }
        }

        Assert.True(expected.SetEquals(Assignments(table, sample.Experts)));
        Assert.Equal(0, table.Dropped);
    });

    [Theory]
    [InlineData(DropPolicy.Random)]
    [InlineData(DropPolicy.Position)]
    [InlineData(DropPolicy.Probability)]
    public void No_expert_takes_more_than_its_capacity_and_none_drops_without_need(DropPolicy policy) => Gen.Select(Cases, Gen.Double[0.1, 2]).Sample((sample, factor) =>
    {
        ExpertCapacity capacity = new(factor, 1, policy);
        RoutingTable all = Route(sample, null);
        RoutingTable table = Route(sample, capacity);
        int limit = capacity.Tokens(sample.Probabilities.Length / sample.Experts, sample.Experts, sample.TopK);
        for (int expert = 0; expert < sample.Experts; expert++)
        {
            Assert.Equal(Math.Min(limit, all.KeptCounts[expert]), table.KeptCounts[expert]);
        }

        Assert.Equal(all.ChosenCounts, table.ChosenCounts);
        Assert.Equal(all.FirstChoiceCounts, table.FirstChoiceCounts);
        Assert.Equal(all.Tokens.Length - table.Tokens.Length, table.Dropped);
        Assert.Subset(Assignments(all, sample.Experts), Assignments(table, sample.Experts));
    });

    [Fact]
    public void Rows_of_an_expert_lie_together_in_token_order() => Gen.Select(Cases, Gen.Double[0.1, 2]).Sample((sample, factor) =>
    {
        RoutingTable table = Route(sample, new ExpertCapacity(factor, 1, DropPolicy.Random));
        int row = 0;
        for (int expert = 0; expert < sample.Experts; expert++)
        {
            long last = -1;
            for (int i = 0; i < table.KeptCounts[expert]; i++, row++)
            {
                Assert.Equal((table.Tokens[row] * sample.Experts) + expert, table.ProbabilityIndices[row]);
                Assert.True(table.Tokens[row] > last);
                last = table.Tokens[row];
            }
        }

        Assert.Equal(table.Tokens.Length, row);
    });

    [Fact]
    public void Position_keeps_the_earliest_tokens_and_probability_the_likeliest()
    {
        // Four tokens want expert 0; room for two.
        float[] probabilities = [0.6f, 0.4f, 0.7f, 0.3f, 0.9f, 0.1f, 0.8f, 0.2f];
        Xoshiro256 random = new(1, 2);
        ExpertCapacity position = new(1, 1, DropPolicy.Position);
        Assert.Equal([0, 1], Route(probabilities, 2, 1, position, ref random).Tokens);
        Assert.Equal([2, 3], Route(probabilities, 2, 1, position with { Policy = DropPolicy.Probability }, ref random).Tokens);
    }

    [Fact]
    public void First_choices_are_served_before_second_ones()
    {
        // Token 0 has expert 1 as second choice, token 1 as first.
        float[] probabilities = [0.6f, 0.4f, 0.3f, 0.7f];
        Xoshiro256 random = new(1, 2);
        RoutingTable table = Route(probabilities, 2, 2, new ExpertCapacity(0.5, 1, DropPolicy.Random), ref random);
        Assert.Equal([0, 1], table.Tokens);
        Assert.Equal([0, 3], table.ProbabilityIndices);
    }

    [Fact]
    public void Random_drops_spread_over_all_positions_and_repeat_with_the_seed()
    {
        float[] probabilities = [.. Enumerable.Range(0, 64).SelectMany(_ => (float[])[1f, 0f])];
        ExpertCapacity capacity = new(1, 1, DropPolicy.Random);
        int[] kept = new int[64];
        for (ulong seed = 0; seed < 400; seed++)
        {
            Xoshiro256 random = new(seed, 1);
            Xoshiro256 again = new(seed, 1);
            long[] tokens = Route(probabilities, 2, 1, capacity, ref random).Tokens;
            Assert.Equal(tokens, Route(probabilities, 2, 1, capacity, ref again).Tokens);
            Array.ForEach(tokens, token => kept[token]++);
        }

        // 200 expected; 5 standard deviations are 50.
        Assert.All(kept, count => Assert.InRange(count, 150, 250));
    }

    private static RoutingTable Route((float[] Probabilities, int Experts, int TopK) sample, ExpertCapacity? capacity)
    {
        Xoshiro256 random = new(7, 7);
        return Route(sample.Probabilities, sample.Experts, sample.TopK, capacity, ref random);
    }

    private static RoutingTable Route(float[] scores, int experts, int topK, ExpertCapacity? capacity, ref Xoshiro256 random)
    {
        ExpertChoices choices = ExpertChoices.Best(scores, experts, topK);
        if (capacity is not null)
        {
            choices.Limit(capacity, scores, scores.Length / experts, ref random);
        }

        return choices.Sort();
    }

    private static HashSet<(long Token, long Expert)> Assignments(RoutingTable table, int experts) =>
        [.. table.ProbabilityIndices.Select(index => Math.DivRem(index, experts)).Select(pair => (pair.Quotient, pair.Remainder))];
}
