using CsCheck;
using Moiety.Inference.Model;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>The published rules for rotary frequencies, against numbers worked out by hand and against a second implementation.</summary>
public class RotaryFrequencyTests
{
    [Fact]
    public void Plain_frequencies_are_a_geometric_series() =>
        AssertClose([1, 0.1, 0.01, 0.001], new RotaryFrequencies(new() { Theta = 10_000 }, 8, 100));

    [Fact]
    public void Partial_rotation_spreads_the_series_over_the_rotated_elements() =>
        AssertClose([1, 0.01], new RotaryFrequencies(new() { Theta = 10_000, Dimensions = 4 }, 8, 100));

    [Fact]
    public void Linear_scaling_divides_all() =>
        AssertClose([0.25, 0.0025], new RotaryFrequencies(new() { Theta = 10_000, Scaling = new LinearRotaryScaling(4) }, 4, 100));

    // Within an original context of 2 pi * 100: 100, 10, 1 and 0.1 turns. High above 4: kept; low below 1: divided; at 1: divided.
    [Fact]
    public void Llama_scaling_divides_slow_turns_only()
    {
        RotaryConfig config = new() { Theta = 10_000, Scaling = new Llama3RotaryScaling(8, 1, 4, 628) };
        RotaryFrequencies frequencies = new(config, 8, 100);
        AssertClose([1, 0.1], frequencies.Values[..2]);
        Assert.Equal(0.01 / 8, frequencies.Values[2], 1e-9);
        Assert.Equal(0.001 / 8, frequencies.Values[3], 1e-9);

        // 2.5 turns: halfway between.
        config = config with { Scaling = new Llama3RotaryScaling(8, 1, 4, 1571) };
        Assert.Equal(0.01 * (0.5 / 8 + 0.5), new RotaryFrequencies(config, 8, 100).Values[2], 1e-6);
    }

    // Pair of n turns within L: 8 ln(L / 2 pi n) / (2 ln 10^4); n = 32 gives 0.5, n = 1 gives 2.005 for L = 636.
    [Fact]
    public void Yarn_keeps_fast_turns_divides_slow_ones_and_blends_between()
    {
        YarnRotaryScaling scaling = new(4, 636);
        RotaryFrequencies frequencies = new(new() { Theta = 10_000, Scaling = scaling }, 8, 100);
        AssertClose([1, 0.1 * (2 / 3.0 + 1 / 12.0), 0.01 * (1 / 3.0 + 2 / 12.0), 0.001 / 4], frequencies);
        Assert.Equal(0.1 * Math.Log(4) + 1, frequencies.Magnitude, 1e-12);
        frequencies = new(new() { Theta = 10_000, Scaling = scaling with { Truncate = false, AttentionFactor = 0.5f } }, 8, 100);
        double low = Math.Log(636 / (64 * Math.PI)) / Math.Log(10);
        double high = Math.Log(636 / (2 * Math.PI)) / Math.Log(10);
        double ramp = (1 - low) / (high - low);
        AssertClose([1, 0.1 * (1 - ramp + ramp / 4)], frequencies.Values[..2]);
        Assert.Equal(0.5, frequencies.Magnitude);
    }

    [Fact]
    public void Factor_scaling_divides_each_by_its_own()
    {
        RotaryConfig config = new()
        {
            Theta = 10_000,
            Scaling = new FactorRotaryScaling { Short = [2, 4], Long = [10, 100], OriginalContextLength = 50, AttentionFactor = 1.5f },
        };
        AssertClose([0.5, 0.0025], new RotaryFrequencies(config, 4, 50));
        AssertClose([0.1, 0.0001], new RotaryFrequencies(config, 4, 51));
        Assert.Equal(1.5, new RotaryFrequencies(config, 4, 50).Magnitude);
    }

    [Fact]
    public void All_rules_equal_a_second_implementation() => Gen.ULong.Sample(
        seed =>
        {
            ModelConfig model = RandomAttention.Draw(seed);
            int headSize = model.Attention.Latent?.RotaryHeadSize ?? model.HeadSize;
            if (model.Rotary is { } rotary)
            {
                RotaryFrequencies frequencies = new(rotary, headSize, model.ContextLength);
                Assert.Equal(ReferencePositions.Magnitude(rotary.Scaling), frequencies.Magnitude, 1e-6);
                for (int pair = 0; pair < frequencies.Values.Length; pair++)
                {
                    double expected = ReferencePositions.Frequency(rotary, rotary.Dimensions ?? headSize, pair, model.ContextLength);
                    Assert.Equal(expected, frequencies.Values[pair], 1e-12 * expected);
                }
            }
        }, iter: 500);

    // The paper: 8 heads fall by 1/2, 1/4, ..., 1/256. BLOOM-like 12 heads: 8 of these, then every second of 16 heads' series.
    [Fact]
    public void Alibi_slopes_are_the_papers_for_any_number_of_heads()
    {
        Assert.Equal([0.5f, 0.25f, 0.125f, 0.0625f, 1 / 32f, 1 / 64f, 1 / 128f, 1 / 256f], AlibiSlopes.For(8, 8));
        float root = MathF.Sqrt(0.5f);
        float[] twelve = AlibiSlopes.For(12, 8);
        Assert.Equal(AlibiSlopes.For(8, 8), twelve[..8]);
        Assert.Equal([root, root / 2, root / 4, root / 8], twelve[8..], (expected, actual) => Math.Abs(expected - actual) < 1e-7);
        for (int heads = 1; heads <= 130; heads++)
        {
            Assert.Equal(ReferencePositions.AlibiSlopes(heads, 8), AlibiSlopes.For(heads, 8).Select(slope => (double)slope), (expected, actual) => Math.Abs(expected - actual) <= 1e-6 * expected);
        }
    }

    private static void AssertClose(double[] expected, RotaryFrequencies actual) => AssertClose(expected, actual.Values);

    private static void AssertClose(double[] expected, ReadOnlySpan<double> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int pair = 0; pair < expected.Length; pair++)
        {
            Assert.Equal(expected[pair], actual[pair], 1e-9);
        }
    }
}
