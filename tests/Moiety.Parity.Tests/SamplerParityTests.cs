using System.Collections.Immutable;
using CsCheck;
using Moiety.Decoding;
using Moiety.Decoding.Processors;
using Moiety.LlamaCpp;

namespace Moiety.Parity.Tests;

/// <summary>
/// Processors leave the tokens and scores that llama.cpp's own samplers leave, on random logits. llama.cpp adds probabilities in
/// float, so a token whose sum or surprise lies on the border within 1e-4 may fall on either side: such cases are left out.
/// </summary>
public class SamplerParityTests
{
    private const double Border = 1e-4;

    // Evenly spread and all different: llama.cpp ranks equal scores in no order.
    private static readonly Gen<float> Logit = Gen.Int[-600_000, 600_000].Select(hundredThousandths => hundredThousandths * 1e-5f);
    private static readonly Gen<float[]> Logits = Logit.Array[2, 200].Where(IsDistinct);

    [Fact]
    public void Top_p_leaves_what_llama_cpp_leaves() => Compare(Gen.Float[0.05f, 0.98f], LlamaCppSampler.TopP, mass => new TopP(mass), (p, mass) =>
        !p.OrderDescending().Aggregate(new List<double> { 0 }, (sums, x) => [.. sums, sums[^1] + x]).Any(sum => Math.Abs(sum - mass) < Border));

    [Fact]
    public void Min_p_leaves_what_llama_cpp_leaves() =>
        Compare(Gen.Float[0.01f, 0.95f], LlamaCppSampler.MinP, fraction => new MinP(fraction), (p, fraction) => !p.Any(x => Math.Abs((x / p.Max()) - fraction) < Border));

    [Fact]
    public void Typical_leaves_what_llama_cpp_leaves() => Compare(Gen.Float[0.05f, 0.95f], LlamaCppSampler.Typical, mass => new Typical(mass), (p, mass) =>
    {
        double entropy = -p.Sum(x => x * Math.Log(x));
        (double Distance, double P)[] ranked = [.. p.Select(x => (Math.Abs(-Math.Log(x) - entropy), x)).Order()];
        double sum = 0;
        for (int rank = 0; rank < ranked.Length; rank++)
        {
            double before = sum;
            sum += ranked[rank].P;

            // The token that reaches the mass must do so clearly, and rank there clearly.
            if (sum > mass - Border)
            {
                return sum > mass + Border && before < mass - Border
                    && (rank == 0 || ranked[rank].Distance - ranked[rank - 1].Distance > Border)
                    && (rank == ranked.Length - 1 || ranked[rank + 1].Distance - ranked[rank].Distance > Border);
            }
        }

        return true;
    });

    [Fact]
    public void Top_n_sigma_leaves_what_llama_cpp_leaves() =>
        Compare(Gen.Float[0.1f, 2.5f], LlamaCppSampler.TopNSigma, n => new TopNSigma(n), (p, n) =>
        {
            double[] logits = [.. p.Select(x => Math.Log(x))];
            double mean = logits.Average();
            double threshold = logits.Max() - (n * Math.Sqrt(logits.Average(logit => (logit - mean) * (logit - mean))));
            return !logits.Any(logit => Math.Abs(logit - threshold) < Border);
        });

    [Fact]
    public void Xtc_that_always_acts_leaves_what_llama_cpp_leaves() =>
        Compare(Gen.Float[0.01f, 0.5f], (library, threshold) => LlamaCppSampler.Xtc(library, 1, threshold), threshold => new Xtc(1, threshold, 1), (p, threshold) =>
            !p.Any(x => Math.Abs(x - threshold) < Border));

    [Fact]
    public void Dynamic_temperature_gives_the_scores_of_llama_cpp()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        Gen.Select(Logits, Gen.Float[0.6f, 1.5f], Gen.Float[0.1f, 0.5f], Gen.Float[0.4f, 3]).Sample(
            (logits, middle, range, exponent) =>
            {
                using LlamaCppSampler oracle = LlamaCppSampler.DynamicTemperature(library, middle, range, exponent);
                float[] expected = oracle.Apply(logits).Logits;
                float[] actual = Run(new DynamicTemperature(middle + range, middle - range, exponent), logits, []);
                Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - Tolerance(pair.First), pair.First + Tolerance(pair.First)));
            },
            threads: 1);
    }

    [Fact]
    public void Dry_subtracts_what_llama_cpp_subtracts()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        const int Vocabulary = 10;
        Gen<int[]> tokens = Gen.OneOf(Gen.Int[0, 2].Array[1, 80], Gen.Int[0, Vocabulary - 1].Array[1, 80]);
        Gen<int[][]> breakers = Gen.Int[0, Vocabulary - 1].Array[1, 3].Array[0, 2];
        Gen.Select(tokens, breakers, Gen.Int[1, 4], Gen.Int[1, 90], Gen.Float[1.05f, 2]).Sample(
            (text, broken, allowed, range, growth) =>
            {
                using LlamaCppSampler oracle = LlamaCppSampler.Dry(library, 0.8f, growth, allowed, range, broken);
                foreach (int token in text)
                {
                    oracle.Accept(token);
                }

                float[] logits = new float[Vocabulary];
                float[] expected = oracle.Apply(logits).Logits;
                float[] actual = Run(new Dry(0.8f, growth, allowed, range, new SequenceBreakers(broken.Select(breaker => breaker.ToImmutableArray()))), logits, text);
                for (int token = 0; token < Vocabulary; token++)
                {
                    // Powers in float against powers in double.
                    double tolerance = 1e-4 * Math.Abs((double)expected[token]);
                    Assert.InRange(actual[token], Math.Max(expected[token] - tolerance, float.MinValue), expected[token] + tolerance);
                }
            },
            threads: 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mirostat_leaves_what_llama_cpp_leaves_as_it_learns_from_the_same_tokens(int version)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        int compared = 0;
        int cut = 0;

        // Version 1 of llama.cpp keeps one token where the number of tokens to keep overflows an int: targets stay below that.
        float largest = version == 1 ? 2 : 6;
        Gen.Select(Logit.Array[150].Where(IsDistinct), Logit.Array[150].Where(IsDistinct), Gen.Float[0.5f, largest], Gen.Float[0.05f, 0.5f]).Sample(
            (first, second, target, rate) =>
            {
                using LlamaCppSampler oracle = LlamaCppSampler.Mirostat(library, version, first.Length, target, rate);
                Mirostat mirostat = new(version, target, rate);
                double[] memory = [0];
                for (int step = 0; step < 20; step++)
                {
                    float[] logits = step % 2 == 0 ? first : second;
                    (float[] expected, int token) = oracle.Apply(logits);
                    float[] actual = [.. logits];
                    mirostat.Process(new DecodingState([], 0) { Memory = memory }, actual);
                    int difference = expected.Zip(actual).Count(pair => float.IsFinite(pair.First) != float.IsFinite(pair.Second));

                    // Floats may put one token on the other side of the border; what follows then differs.
                    Assert.InRange(difference, 0, 1);
                    if (difference > 0)
                    {
                        return;
                    }

                    compared++;
                    cut += actual.Any(float.IsNegativeInfinity) ? 1 : 0;
                    mirostat.Observe(new DecodingState([], 0) { Memory = memory }, actual, token);
                }
            },
            threads: 1,
            iter: 100);
        Assert.InRange(compared, 1800, 2000);
        Assert.InRange(cut, 200, 2000);
    }

    private static void Compare(Gen<float> parameter, Func<LlamaCppLibrary, float, LlamaCppSampler> create, Func<float, LogitsProcessor> processor, Func<double[], float, bool> isClear)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        int compared = 0;
        Gen.Select(Logits, parameter).Sample(
            (logits, value) =>
            {
                if (isClear(Softmax(logits), value))
                {
                    compared++;
                    using LlamaCppSampler oracle = create(library, value);
                    Assert.Equal(oracle.Apply(logits).Logits, Run(processor(value), logits, []));
                }
            },
            threads: 1,
            iter: 300);
        Assert.InRange(compared, 100, 300);
    }

    private static float[] Run(LogitsProcessor processor, float[] logits, int[] tokens)
    {
        float[] result = [.. logits];
        processor.Process(new DecodingState(tokens, 0), result);
        return result;
    }

    private static bool IsDistinct(float[] logits) => logits.Distinct().Count() == logits.Length;

    private static double Tolerance(float value) => 1e-5 + (1e-4 * Math.Abs(value));

    private static double[] Softmax(float[] logits)
    {
        double total = logits.Sum(logit => Math.Exp(logit));
        return [.. logits.Select(logit => Math.Exp(logit) / total)];
    }
}
