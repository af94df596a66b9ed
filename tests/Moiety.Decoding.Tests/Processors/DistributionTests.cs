using CsCheck;
using Moiety.Decoding.Processors;
using Moiety.Decoding.Samplers;

namespace Moiety.Decoding.Tests.Processors;

/// <summary>
/// The cuts that look at the whole distribution keep what their papers say, computed here the slow way in double precision. A
/// case that lies on a border within rounding is left out: either side is right there.
/// </summary>
public class DistributionTests
{
    private static readonly Gen<float[]> Logits =
        Gen.Frequency((9, Gen.Float[-8, 8]), (1, Gen.Const(float.NegativeInfinity))).Array[1, 300].Where(logits => logits.Any(float.IsFinite));

    [Fact]
    public void Typical_keeps_the_least_atypical_tokens_that_reach_the_mass() =>
        Gen.Select(Logits, Gen.Double[0.05, 0.99]).Sample((logits, wanted) =>
        {
            float mass = (float)wanted;
            double[] p = HuggingFaceReference.Softmax(logits);
            double entropy = Entropy(p);
            int[] ranked = [.. Enumerable.Range(0, p.Length).Where(id => p[id] > 0).OrderBy(id => Math.Abs(-Math.Log(p[id]) - entropy))];
            int count = 0;
            double sum = 0;
            while (count < ranked.Length && sum < mass)
            {
                sum += p[ranked[count++]];
            }

            double last = Math.Abs(-Math.Log(p[ranked[count - 1]]) - entropy);
            bool isBorder = Math.Abs(sum - mass) < 1e-9 || Math.Abs(sum - p[ranked[count - 1]] - mass) < 1e-9
                || (count < ranked.Length && Math.Abs(-Math.Log(p[ranked[count]]) - entropy) - last < 1e-5)
                || (count > 1 && last - Math.Abs(-Math.Log(p[ranked[count - 2]]) - entropy) < 1e-5);
            if (!isBorder)
            {
                Assert.Equal(ranked[..count].Order(), Kept(new Typical(mass), logits));
            }
        });

    [Fact]
    public void Epsilon_keeps_the_likely_tokens_and_the_likeliest() =>
        Gen.Select(Logits, Gen.Double[0, 1]).Sample((logits, epsilon) => AssertCut(new EpsilonCutoff(epsilon), logits, epsilon));

    [Fact]
    public void Eta_keeps_the_tokens_that_are_likely_for_the_entropy_and_the_likeliest() =>
        Gen.Select(Logits, Gen.Double[0, 1], Gen.Bool).Sample((logits, number, isSmall) =>
        {
            double epsilon = isSmall ? number / 100 : number;
            AssertCut(new EtaCutoff(epsilon), logits, Math.Min(epsilon, Math.Sqrt(epsilon) * Math.Exp(-Entropy(HuggingFaceReference.Softmax(logits)))));
        });

    [Fact]
    public void Top_n_sigma_keeps_tokens_within_n_deviations_of_the_best_at_any_temperature() =>
        Gen.Select(Logits, Gen.Float[0.05f, 3], Gen.Float[0.1f, 5]).Sample((logits, deviations, temperature) =>
        {
            double[] finite = [.. logits.Where(float.IsFinite).Select(logit => (double)logit)];
            double mean = finite.Average();
            double sigma = Math.Sqrt(finite.Average(logit => (logit - mean) * (logit - mean)));
            double threshold = finite.Max() - (deviations * sigma);
            if (!finite.Any(logit => Math.Abs(logit - threshold) < 1e-4))
            {
                int[] expected = [.. Enumerable.Range(0, logits.Length).Where(id => logits[id] >= threshold)];
                Assert.Equal(expected, Kept(new TopNSigma(deviations), logits));
                Assert.Equal(expected, Kept(new TopNSigma(deviations), HuggingFaceReference.Temperature(logits, temperature)));
            }
        });

    [Fact]
    public void Dynamic_temperature_follows_the_relative_entropy() =>
        Gen.Select(Logits, Gen.Float[0.5f, 2], Gen.Float[0.01f, 0.5f], Gen.Float[0.3f, 3]).Sample((logits, highest, lowest, exponent) =>
        {
            double[] p = HuggingFaceReference.Softmax(logits);
            int count = p.Count(x => x > 0);
            double temperature = count > 1 ? lowest + ((highest - lowest) * Math.Pow(Math.Max(0, Entropy(p)) / Math.Log(count), exponent)) : 1;
            float[] result = Run(new DynamicTemperature(highest, lowest, exponent), logits);
            for (int id = 0; id < logits.Length; id++)
            {
                double expected = logits[id] / temperature;
                double tolerance = float.IsFinite(logits[id]) ? (1e-5 * Math.Abs(expected)) + 1e-30 : 0;
                Assert.InRange(result[id], expected - tolerance, expected + tolerance);
            }
        });

    [Fact]
    public void Xtc_excludes_all_top_choices_but_the_least_likely() =>
        Gen.Select(Logits, Gen.Double[0.001, 0.5]).Sample((logits, threshold) =>
        {
            double[] p = HuggingFaceReference.Softmax(logits);
            int[] top = [.. Enumerable.Range(0, p.Length).Where(id => p[id] >= threshold).OrderByDescending(id => logits[id]).ThenBy(id => id)];
            if (!p.Any(x => Math.Abs(x - threshold) < 1e-9))
            {
                int[] expected = [.. Enumerable.Range(0, p.Length).Where(id => p[id] > 0).Except(top.SkipLast(1))];
                Assert.Equal(expected, Kept(new Xtc(1, threshold, 5), logits));
                Assert.Equal(logits, Run(new Xtc(0, threshold, 5), logits));
            }
        });

    [Fact]
    public void Xtc_acts_as_often_as_asked_at_places_that_seed_stream_and_step_alone_decide()
    {
        float[] logits = [1, 0.9f, -3];
        Xtc xtc = new(0.3, 0.1, 11);
        int[] tokens = new int[200];
        int acted = 0;
        int agreed = 0;
        for (int stream = 0; stream < 200; stream++)
        {
            for (int step = 0; step < 200; step++)
            {
                float[] result = [.. logits];
                xtc.Process(new DecodingState(tokens.AsSpan(0, step), 0, stream), result);
                bool acts = float.IsNegativeInfinity(result[0]);
                acted += acts ? 1 : 0;

                // The sampler's draw of the same seed and place is another one.
                agreed += acts == CounterRandom.Uniform(11, (uint)stream, (uint)step) < 0.3 ? 1 : 0;

                float[] longer = [.. logits];
                xtc.Process(new DecodingState(new int[step + 7], 7, stream), longer);
                Assert.Equal(result, longer);
            }
        }

        // 40,000 draws: five standard deviations are 458 and 494.
        Assert.InRange(acted, 12_000 - 458, 12_000 + 458);
        Assert.InRange(agreed, 23_200 - 494, 23_200 + 494);
    }

    [Theory]
    [InlineData("typical-p", 0.8)]
    [InlineData("eta-cutoff", 0.3)]
    [InlineData("epsilon-cutoff", 0.05)]
    [InlineData("top-n-sigma", 1)]
    public void Draws_follow_the_distribution_that_the_cut_leaves(string name, double value)
    {
        float[] logits = [1.5f, 0, -0.4f, -1, 2, 0.5f, -3, 1, 1.4f, -6];
        float[] cut = Run(LogitsProcessors.Create(new Dictionary<string, double> { [name] = value })[0], logits);
        double[] p = HuggingFaceReference.Softmax(logits);
        double mass = Enumerable.Range(0, p.Length).Where(id => float.IsFinite(cut[id])).Sum(id => p[id]);
        Assert.InRange(cut.Count(float.IsFinite), 2, logits.Length - 1);

        const int Draws = 50_000;
        int[] counts = new int[logits.Length];
        MultinomialSampler sampler = new(17);
        int[] tokens = new int[1000];
        for (int draw = 0; draw < Draws; draw++)
        {
            counts[sampler.Sample(new DecodingState(tokens.AsSpan(0, draw % 1000), 0, draw / 1000), cut)]++;
        }

        double chiSquare = 0;
        for (int id = 0; id < p.Length; id++)
        {
            double expected = float.IsFinite(cut[id]) ? p[id] / mass * Draws : 0;
            Assert.True(expected > 0 || counts[id] == 0);
            chiSquare += expected > 0 ? (counts[id] - expected) * (counts[id] - expected) / expected : 0;
        }

        // At most 8 degrees of freedom: 26.1 is exceeded once in 1000 seeds.
        Assert.InRange(chiSquare, 0, 26.1);
    }

    private static void AssertCut(LogitsProcessor processor, float[] logits, double least)
    {
        // Scores that differ by next to nothing have the same probability, the largest one too.
        double[] p = HuggingFaceReference.Softmax(logits);
        bool isSplit = logits.Any(logit => logit < logits.Max() && logits.Max() - (double)logit < 1e-9);
        if (!isSplit && !p.Any(x => x > 0 && Math.Abs(x - least) < 1e-9 * x))
        {
            Assert.Equal(Enumerable.Range(0, p.Length).Where(id => p[id] > 0 && (p[id] >= least || logits[id] == logits.Max())), Kept(processor, logits));
        }
    }

    private static double Entropy(double[] p) => -p.Where(x => x > 0).Sum(x => x * Math.Log(x));

    private static IEnumerable<int> Kept(LogitsProcessor processor, float[] logits)
    {
        float[] result = Run(processor, logits);
        Assert.All(result.Zip(logits), pair => Assert.True(float.IsNegativeInfinity(pair.First) || pair.First == pair.Second));
        return Enumerable.Range(0, result.Length).Where(id => float.IsFinite(result[id]));
    }

    private static float[] Run(LogitsProcessor processor, float[] logits)
    {
        float[] result = [.. logits];
        processor.Process(new DecodingState([], 0), result);
        return result;
    }
}
