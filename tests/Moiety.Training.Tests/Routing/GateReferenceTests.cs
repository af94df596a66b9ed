using CsCheck;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Routing.Gates;

namespace Moiety.Training.Tests.Routing;

/// <summary>Layers of experts against their definitions, in double precision by plain loops: choices, capacities and weights.</summary>
public class GateReferenceTests
{
    private const string Consent = "\"causal\": false";

    private static readonly Gen<(int Tokens, int Experts, int Seed)> Cases = Gen.Select(Gen.Int[1, 24], Gen.Int[2, 6], Gen.Int[0, 100_000]);

    [Fact]
    public void Expert_choice_gives_every_expert_its_best_tokens() => Gen.Select(Cases, Gen.Int[1, 3], Gen.Double[0.5, 2]).Sample((sample, topK, factor) =>
    {
        (int tokens, int experts, int seed) = sample;
        topK = Math.Min(topK, experts);
        using GateLayer layer = new("expert-choice", experts, topK, seed, FormattableString.Invariant($$"""{ {{Consent}}, "capacity_factor": {{factor:0.00}} }"""));
        factor = Math.Round(factor, 2);
        float[] rows = GateLayer.Rows(tokens, seed);
        double[][] scores = [.. layer.Logits(rows).Select(GateLayer.Softmax)];
        int capacity = Math.Min(tokens, (int)Math.Ceiling((double)topK * tokens / experts * factor));
        if (!Enumerable.Range(0, experts).All(expert => IsClear(scores.Select(row => row[expert]), capacity)))
        {
            return;
        }

        HashSet<(int Token, int Expert)> taken = [.. Enumerable.Range(0, experts).SelectMany(expert =>
            Enumerable.Range(0, tokens).OrderByDescending(token => scores[token][expert]).Take(capacity).Select(token => (token, expert)))];
        double[] expected = layer.Mix(rows, token => Enumerable.Range(0, experts).Where(expert => taken.Contains((token, expert))).Select(expert => (expert, scores[token][expert])));
        AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, tokens, training: true)));
        AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, tokens, training: false)));
    }, iter: 200, threads: 1);

    [Fact]
    public void Soft_experts_multiply_mixtures_and_tokens_mix_their_outputs() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 9], Gen.Int[2, 5], Gen.Int[1, 3], Gen.Int[0, 100_000]).Sample(
        (batch, length, experts, slots, seed) =>
        {
            using GateLayer layer = new("soft", experts, 1, seed, $$"""{ {{Consent}}, "slots": {{slots}} }""");
            float[] rows = GateLayer.Rows(batch * length, seed);
            double[][] logits = layer.Logits(rows, SoftGate.PhiName(0));
            double[] expected = [.. Enumerable.Range(0, batch).SelectMany(sequence => Soft(
                layer, slots, [.. rows.Chunk(GateLayer.Hidden).Skip(sequence * length).Take(length)], logits[(sequence * length)..((sequence + 1) * length)]))];
            AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(batch, batch * length, training: true)));
        }, iter: 200, threads: 1);

    [Fact]
    public void Base_training_weighs_the_best_balanced_assignment_by_its_scores() => Gen.Select(Gen.Int[1, 7], Gen.Int[2, 3], Gen.Bool, Gen.Int[0, 100_000]).Sample(
        (tokens, experts, sigmoid, seed) =>
        {
            using GateLayer layer = new("base", experts, 1, seed, gating: sigmoid ? GatingKind.Sigmoid : GatingKind.Softmax);
            float[] rows = GateLayer.Rows(tokens, seed);
            double[][] logits = layer.Logits(rows);
            if (BestBalanced(logits, experts) is not { } assigned)
            {
                return;
            }

            double[] expected = layer.Mix(rows, token => [(assigned[token], Scores(logits[token], sigmoid)[assigned[token]])]);
            AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, tokens, training: true)));
        }, iter: 200, threads: 1);

    [Fact]
    public void Sinkhorn_training_chooses_by_the_transport_plan() => Gen.Select(Cases, Gen.Int[1, 3], Gen.Bool).Sample((sample, topK, sigmoid) =>
    {
        (int tokens, int experts, int seed) = sample;
        topK = Math.Min(topK, experts);
        using GateLayer layer = new("sinkhorn", experts, topK, seed, gating: sigmoid ? GatingKind.Sigmoid : GatingKind.Softmax);
        float[] rows = GateLayer.Rows(tokens, seed);
        double[][] logits = layer.Logits(rows);
        double[] offsets = ColumnOffsets(logits, experts);
        int[][] order = [.. logits.Select(row => Enumerable.Range(0, experts).OrderByDescending(expert => row[expert] + offsets[expert]).ToArray())];
        double[] expected = layer.Mix(rows, token => order[token].Take(topK).Select(expert => (expert, Scores(logits[token], sigmoid)[expert])));
        float[] actual = layer.Outputs(rows, GateLayer.Pass(1, tokens, training: true));

        // The iteration stops within a thousandth: tokens whose next expert is as near as that may go either way.
        bool[] clear = [.. order.Select((experts, token) => topK == experts.Length
            || logits[token][experts[topK - 1]] + offsets[experts[topK - 1]] - logits[token][experts[topK]] - offsets[experts[topK]] > 0.01)];
        AssertClose(expected.Where((_, i) => clear[i / GateLayer.Hidden]), actual.Where((_, i) => clear[i / GateLayer.Hidden]));
    }, iter: 200, threads: 1);

    [Theory]
    [InlineData("base")]
    [InlineData("sinkhorn")]
    public void Balanced_gates_are_served_as_the_best_scores_say(string gate) => Cases.Sample(sample =>
    {
        using GateLayer layer = new(gate, sample.Experts, 1, sample.Seed);
        float[] rows = GateLayer.Rows(sample.Tokens, sample.Seed);
        double[][] scores = [.. layer.Logits(rows).Select(GateLayer.Softmax)];
        double[] expected = layer.Mix(rows, token => [(Array.IndexOf(scores[token], scores[token].Max()), scores[token].Max())]);
        if (scores.All(row => IsClear(row, 1)))
        {
            AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, sample.Tokens, training: false)));
        }
    }, iter: 100, threads: 1);

    [Theory]
    [InlineData("base")]
    [InlineData("sinkhorn")]
    [InlineData("expert-choice")]
    public void Padding_takes_no_expert_and_no_part_in_the_balance(string gate) => Cases.Sample(sample =>
    {
        string options = $$"""{ {{Consent}} }""";
        bool[] used = [.. Enumerable.Range(0, sample.Tokens).Select(token => token % 3 != 1)];
        float[] rows = GateLayer.Rows(sample.Tokens, sample.Seed);
        float[] kept = [.. rows.Chunk(GateLayer.Hidden).Where((_, token) => used[token]).SelectMany(row => row)];
        using GateLayer layer = new(gate, sample.Experts, 1, sample.Seed, options);
        float[] alone = layer.Outputs(kept, GateLayer.Pass(1, used.Count(counts => counts), training: true));
        float[][] padded = [.. layer.Outputs(rows, GateLayer.Pass(1, sample.Tokens, training: true, used: used)).Chunk(GateLayer.Hidden)];
        AssertClose(alone.Select(value => (double)value), padded.Where((_, token) => used[token]).SelectMany(row => row));
        Assert.All(padded.Where((_, token) => !used[token]), row => Assert.All(row, value => Assert.Equal(0, value)));
    }, iter: 50, threads: 1);

    [Theory]
    [InlineData("random")]
    [InlineData("balanced")]
    public void Hash_routing_goes_by_the_token_id_with_weight_one(string table) => Cases.Sample(sample =>
    {
        using GateLayer layer = new("hash", sample.Experts, 1, sample.Seed, $$"""{ "table": "{{table}}" }""");
        float[] rows = GateLayer.Rows(sample.Tokens, sample.Seed);
        float[] experts = [.. layer.Store.Span(TensorNames.ExpertTable(0))];
        double[] expected = layer.Mix(rows, token => [((int)experts[token % GateLayer.Vocabulary], 1)]);
        AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, sample.Tokens, training: true)));
        AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, sample.Tokens, training: false)));
    }, iter: 100, threads: 1);

    [Fact]
    public void Dense_to_sparse_visits_fewer_experts_as_the_run_goes_on() => Gen.Select(Cases, Gen.Int[1, 2], Gen.Int[0, 5]).Sample((sample, topK, tenths) =>
    {
        const double Temperature = 3;
        const double Threshold = 0.15;
        const double Share = 0.5;
        (int tokens, int experts, int seed) = sample;
        using GateLayer layer = new("dense-to-sparse", experts, topK, seed, FormattableString.Invariant($$"""{ "temperature": {{Temperature}}, "threshold": {{Threshold}}, "share": {{Share}} }"""));
        float[] rows = GateLayer.Rows(tokens, seed);
        double progress = tenths / 10.0;
        double annealed = progress / Share;
        double[][] logits = layer.Logits(rows);
        double[][] noise = [.. Gumbel(tokens * experts).Chunk(experts)];
        double temperature = Math.Pow(Temperature, 1 - annealed);
        int most = (int)Math.Ceiling(experts * Math.Pow((double)topK / experts, annealed));
        double[][] weights = [.. logits.Select((row, token) => GateLayer.Softmax(row.Select((logit, expert) => annealed >= 1 ? logit : (logit + noise[token][expert]) / temperature)))];
        IEnumerable<(int, double)> Choices(int token) => Enumerable.Range(0, experts).OrderByDescending(expert => weights[token][expert])
            .Where((expert, rank) => rank < topK || (rank < most && weights[token][expert] >= Threshold))
            .Take(annealed >= 1 ? topK : most)
            .Select(expert => (expert, weights[token][expert]));
        if (weights.All(row => IsClear(row, annealed >= 1 ? topK : most) && row.All(weight => Math.Abs(weight - Threshold) > 1e-5)))
        {
            AssertClose(layer.Mix(rows, Choices), layer.Outputs(rows, GateLayer.Pass(1, tokens, training: true, progress)));
        }
    }, iter: 200, threads: 1);

    [Fact]
    public void Dense_to_sparse_begins_with_all_experts_and_ends_with_k()
    {
        using GateLayer layer = new("dense-to-sparse", 6, 2, 3, """{ "threshold": 0 }""");
        float[] rows = GateLayer.Rows(20, 3);
        int Visits(double progress)
        {
            var pass = GateLayer.Pass(1, 20, training: true, progress);
            layer.Outputs(rows, pass);
            return pass.Routers[0].Assignments;
        }

        Assert.Equal([120, 80, 60, 40, 40], ((double[])[0, 0.2, 0.45, 0.5, 1]).Select(Visits));
    }

    [Fact]
    public void Sparse_mixer_is_served_as_the_engine_does_it() => Gen.Select(Cases, Gen.Float[0.01f, 0.6f]).Sample((sample, jitter) =>
    {
        using GateLayer layer = new("sparse-mixer", sample.Experts, 2, sample.Seed, jitter: jitter);
        float[] rows = GateLayer.Rows(sample.Tokens, sample.Seed);
        double[][] logits = layer.Logits(rows);
        if (logits.All(row => IsClear(row, 1) && IsClear(row, 2) && IsFarFromThreshold(row, jitter)))
        {
            double[] expected = layer.Mix(rows, token =>
            {
                (int[] experts, double[] weights) = ReferenceRouter.Choose(layer.Moe, logits[token], []);
                return experts.Zip(weights);
            });
            AssertClose(expected, layer.Outputs(rows, GateLayer.Pass(1, sample.Tokens, training: false)));
        }
    }, iter: 200, threads: 1);

    [Fact]
    public void Sparse_mixer_draws_among_near_logits_and_damps_what_was_not_the_largest() => Gen.Select(Cases, Gen.Float[0.1f, 2f]).Sample((sample, jitter) =>
    {
        using GateLayer layer = new("sparse-mixer", sample.Experts, 2, sample.Seed, jitter: jitter);
        float[] rows = GateLayer.Rows(sample.Tokens, sample.Seed);
        double[][] logits = layer.Logits(rows);
        Xoshiro256 random = new(5, 0x6d697865, 0);
        List<(int Expert, double Weight)>[] choices = [.. logits.Select(_ => new List<(int, double)>())];
        bool clear = true;
        for (int choice = 0; choice < 2; choice++)
        {
            for (int token = 0; token < sample.Tokens; token++)
            {
                int[] left = [.. Enumerable.Range(0, sample.Experts).Where(expert => choices[token].All(taken => taken.Expert != expert))];
                double best = left.Max(expert => logits[token][expert]);
                int[] near = [.. left.Where(expert => best - logits[token][expert] <= 2 * jitter * Math.Max(Math.Abs(logits[token][expert]), best))];
                double[] shares = GateLayer.Softmax(near.Select(expert => logits[token][expert]));
                double drawn = random.NextDouble();
                int place = Enumerable.Range(0, near.Length).FirstOrDefault(i => shares.Take(i + 1).Sum() > drawn, near.Length - 1);
                bool damped = random.NextDouble() >= 0.25 && logits[token][near[place]] != best;
                choices[token].Add((near[place], shares[place] / (damped ? 3 : 1)));
                clear &= IsClear(left.Select(expert => logits[token][expert]), 1) && IsFarFromThreshold([.. left.Select(expert => logits[token][expert])], jitter)
                    && Enumerable.Range(1, near.Length).All(i => Math.Abs(shares.Take(i).Sum() - drawn) > 1e-5);
            }
        }

        if (clear)
        {
            AssertClose(layer.Mix(rows, token => choices[token]), layer.Outputs(rows, GateLayer.Pass(1, sample.Tokens, training: true)));
        }
    }, iter: 200, threads: 1);

    private static bool IsFarFromThreshold(double[] logits, float jitter)
    {
        double best = logits.Max();
        double second = logits.Order().SkipLast(1).LastOrDefault(best);
        return logits.All(logit => ((double[])[best, second]).All(top => Math.Abs(top - logit - (2 * jitter * Math.Max(Math.Abs(logit), top))) > 1e-5));
    }

    // Whether rounding cannot decide which values are the largest ones.
    private static bool IsClear(IEnumerable<double> values, int largest)
    {
        double[] sorted = [.. values.OrderDescending()];
        return largest >= sorted.Length || sorted[largest - 1] - sorted[largest] > 1e-5;
    }

    private static double[] Scores(double[] logits, bool sigmoid) => sigmoid ? [.. logits.Select(logit => 1 / (1 + Math.Exp(-logit)))] : GateLayer.Softmax(logits);

    private static IEnumerable<double> Soft(GateLayer layer, int slots, float[][] tokens, double[][] logits)
    {
        int all = slots * layer.Moe.ExpertCount;
        double[][] dispatch = [.. Enumerable.Range(0, all).Select(slot => GateLayer.Softmax(logits.Select(row => row[slot])))];
        double[][] outputs = [.. dispatch.Select((shares, slot) => layer.Expert(
            slot / slots, [.. Enumerable.Range(0, GateLayer.Hidden).Select(i => shares.Select((share, token) => share * tokens[token][i]).Sum())]))];
        return logits.SelectMany(row =>
        {
            double[] shares = GateLayer.Softmax(row);
            return Enumerable.Range(0, GateLayer.Hidden).Select(i => shares.Select((share, slot) => share * outputs[slot][i]).Sum());
        });
    }

    // The best of all E^N assignments of N tokens to E experts that are balanced; null when another one is as good but for rounding.
    private static int[]? BestBalanced(double[][] logits, int experts)
    {
        int tokens = logits.Length;
        IEnumerable<int[]> all = Enumerable.Range(0, (int)Math.Pow(experts, tokens)).Select(number =>
        {
            int[] expertOf = new int[tokens];
            for (int token = 0; token < tokens; token++, number /= experts)
            {
                expertOf[token] = number % experts;
            }

            return expertOf;
        });
        double Sum(int[] expertOf) => expertOf.Select((expert, token) => logits[token][expert]).Sum();
        int[][] best = [.. all.Where(expertOf => Enumerable.Range(0, experts).Select(expert => expertOf.Count(chosen => chosen == expert)).All(count => count >= tokens / experts && count <= (tokens + experts - 1) / experts))
            .OrderByDescending(Sum).Take(2)];
        return best.Length == 1 || Sum(best[0]) - Sum(best[1]) > 1e-5 ? best[0] : null;
    }

    // What must be added to each expert's logits for the softmaxes over experts to sum to tokens / experts in each column: the maximum of a
    // concave function, by damped Newton steps on its diagonal.
    private static double[] ColumnOffsets(double[][] logits, int experts)
    {
        double[] offsets = new double[experts];
        for (int iteration = 0; iteration < 20_000; iteration++)
        {
            double[][] shares = [.. logits.Select(row => GateLayer.Softmax(row.Select((logit, expert) => logit + offsets[expert])))];
            for (int expert = 0; expert < experts; expert++)
            {
                double load = shares.Sum(row => row[expert]);
                offsets[expert] += 0.5 * (((double)logits.Length / experts) - load) / load;
            }

            if (Enumerable.Range(0, experts).All(expert => Math.Abs(shares.Sum(row => row[expert]) - ((double)logits.Length / experts)) < 1e-9))
            {
                break;
            }
        }

        return offsets;
    }

    private static IEnumerable<double> Gumbel(int count)
    {
        Xoshiro256 random = new(5, 0x67756d62, 0);
        double[] noise = new double[count];
        foreach (ref double value in noise.AsSpan())
        {
            value = -Math.Log(-Math.Log(random.NextDouble()));
        }

        return noise;
    }

    private static void AssertClose(IEnumerable<double> expected, IEnumerable<float> actual)
    {
        double[] wanted = [.. expected];
        float[] got = [.. actual];
        Assert.Equal(wanted.Length, got.Length);
        Assert.All(wanted.Zip(got), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-5 * (1 + Math.Abs(pair.First)), $"{pair.Second} instead of {pair.First}"));
    }
}
