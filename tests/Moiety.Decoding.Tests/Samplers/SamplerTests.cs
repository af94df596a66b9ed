using CsCheck;
using Moiety.Decoding.Samplers;
using Moiety.Decoding.Tests.Processors;

namespace Moiety.Decoding.Tests.Samplers;

/// <summary>Greedy takes the maximum; random draws follow the softmax and depend on seed, stream and step alone.</summary>
public class SamplerTests
{
    [Fact]
    public void Greedy_takes_the_first_of_the_largest() =>
        Gen.Frequency((3, Gen.Float[-5, 5]), (3, Gen.Int[-2, 2].Select(value => (float)value))).Array[1, 200].Sample(logits =>
            Assert.Equal(Array.IndexOf(logits, logits.Max()), new GreedySampler().Sample(new DecodingState([], 0), logits)));

    [Fact]
    public void Draws_follow_the_softmax()
    {
        float[] logits = [1.5f, 0, float.NegativeInfinity, -1, 2, 0.5f, -3, 1];
        const int Draws = 100_000;
        MultinomialSampler sampler = new(seed: 42);
        int[] counts = new int[logits.Length];
        int[] tokens = new int[1000];
        for (int draw = 0; draw < Draws; draw++)
        {
            // All steps of many streams, as a batch of texts would draw them.
            counts[sampler.Sample(new DecodingState(tokens.AsSpan(0, draw % 1000), 0, draw / 1000), logits)]++;
        }

        double[] expected = [.. HuggingFaceReference.Softmax(logits).Select(p => p * Draws)];
        Assert.Equal(0, counts[2]);
        double chiSquare = expected.Zip(counts, (e, c) => e > 0 ? (c - e) * (c - e) / e : 0).Sum();

        // 6 degrees of freedom: 22.46 is exceeded once in 1000 seeds.
        Assert.InRange(chiSquare, 0, 22.46);
    }

    [Fact]
    public void Steps_of_a_stream_and_streams_of_a_seed_are_independent()
    {
        // Pairs of successive draws, and draws of neighboring streams, fill the unit square evenly: chi-square over 16 x 16 cells.
        Assert.InRange(PairStatistic((stream, step) => (CounterRandom.Uniform(7, stream, 2 * step), CounterRandom.Uniform(7, stream, (2 * step) + 1))), 0, 347);
        Assert.InRange(PairStatistic((stream, step) => (CounterRandom.Uniform(7, 2 * stream, step), CounterRandom.Uniform(7, (2 * stream) + 1, step))), 0, 347);
        Assert.InRange(PairStatistic((stream, step) => (CounterRandom.Uniform(stream, 0, step), CounterRandom.Uniform(stream + 1, 0, step))), 0, 347);

        // 255 degrees of freedom: 330.5 is exceeded once in 1000 seeds, 347 once in 10,000.
        static double PairStatistic(Func<uint, uint, (double, double)> draw)
        {
            int[] cells = new int[256];
            for (uint index = 0; index < 51_200; index++)
            {
                (double x, double y) = draw(index / 100, index % 100);
                cells[((int)(x * 16) * 16) + (int)(y * 16)]++;
            }

            return cells.Sum(count => (count - 200.0) * (count - 200.0) / 200);
        }
    }

    [Fact]
    public void The_same_seed_draws_the_same_tokens_on_every_machine()
    {
        // Computed by the same definition in Python; a change here changes everybody's texts.
        float[] logits = [.. Enumerable.Range(0, 50).Select(id => (float)(id % 7) / 2)];
        int[] tokens = new int[12];
        int[] drawn = [.. Enumerable.Range(0, 12).Select(step => new MultinomialSampler(2026).Sample(new DecodingState(tokens.AsSpan(0, step), 0, 3), logits))];
        Assert.Equal([40, 34, 6, 8, 40, 20, 10, 13, 19, 33, 18, 31], drawn);
    }

    [Fact]
    public void The_exponential_is_exact_to_two_units_in_the_last_place() =>
        Gen.Double[-680, 0].Sample(x =>
        {
            double expected = Math.Exp(x);
            Assert.InRange(PortableMath.Exp(x), expected - (2 * Math.BitIncrement(expected) - 2 * expected), expected + (2 * Math.BitIncrement(expected) - 2 * expected));
        });

    [Fact]
    public void The_exponential_of_nothing_is_one_and_of_far_away_zero()
    {
        Assert.Equal(1, PortableMath.Exp(0));
        Assert.Equal(0, PortableMath.Exp(-1e300));
        Assert.Equal(0, PortableMath.Exp(double.NegativeInfinity));
    }

    [Fact]
    public void The_logarithm_is_exact_to_a_few_units_in_the_last_place() =>
        Gen.Double[-690, 690].Sample(power =>
        {
            double x = Math.Exp(power);
            double expected = Math.Log(x);
            Assert.InRange(PortableMath.Log(x) - expected, -1e-15 * Math.Max(1, Math.Abs(expected)), 1e-15 * Math.Max(1, Math.Abs(expected)));
        });
}
