using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Routing;
using Moiety.Training.Routing.Gates;

namespace Moiety.Training.Tests.Routing.Reference;

/// <summary>The gates of the top-k family from their definitions, in double precision, with full sorts and no regard for speed.</summary>
internal static class ReferenceGate
{
    internal static ReferenceAssignments Route(GateCase sample)
    {
        double[][] clean = [.. sample.Logits.Select(row => row.Select(value => (double)value).ToArray())];
        double[][] deviations = [.. clean.Select(row => sample.Noise.Select(noise => Math.Log(1 + Math.Exp(row.Zip(noise, (x, w) => x * w).Sum()))).ToArray())];
        double[][] logits = WithNoise(sample, clean, deviations);
        double[][] scores = [.. logits.Select(row => Scores(sample.Moe, row))];
        List<(int Token, int Slot, int Expert)> choices = Choose(sample, logits, scores);
        HashSet<(int Token, int Slot, int Expert)> kept = Keep(sample, scores, choices);

        double?[][] weights = [.. logits.Select(row => new double?[row.Length])];
        foreach (IGrouping<int, (int Token, int Slot, int Expert)> token in kept.GroupBy(choice => choice.Token))
        {
            double sum = sample.Moe.NormalizeTopK ? token.Sum(choice => scores[token.Key][choice.Expert]) : 1;
            foreach ((_, _, int expert) in token)
            {
                weights[token.Key][expert] = scores[token.Key][expert] / sum * sample.Moe.WeightScale;
            }
        }

        int[] load = Count(sample, choices);
        Dictionary<string, double> losses = sample.IsTraining && Tokens(sample).Any() ? Losses(sample, clean, deviations, logits, scores, choices) : [];
        return new ReferenceAssignments(weights, load, choices.Count - kept.Count, losses);
    }

    private static IEnumerable<int> Tokens(GateCase sample) => Enumerable.Range(0, sample.Logits.Length).Where(sample.Counts);

    private static int[] Count(GateCase sample, IEnumerable<(int Token, int Slot, int Expert)> choices)
    {
        ILookup<int, int> byExpert = choices.ToLookup(choice => choice.Expert, choice => choice.Token);
        return [.. Enumerable.Range(0, sample.Moe.ExpertCount).Select(expert => byExpert[expert].Count())];
    }

    private static double[][] WithNoise(GateCase sample, double[][] clean, double[][] deviations)
    {
        if (!sample.IsTraining)
        {
            return clean;
        }

        if (Options(sample) is { Noise: NoisePolicy.Jitter, Jitter: var eps })
        {
            Xoshiro256 random = Random(sample, RandomPurposes.Jitter);
            return [.. clean.Select(row => row.Select(value => value * (1 - eps + (2 * eps * random.NextDouble()))).ToArray())];
        }

        if (sample.Gate.Kind.Name == "noisy-top-k")
        {
            float[] normal = new float[clean.Length * clean[0].Length];
            Random(sample, RandomPurposes.Normal).FillNormal(normal, 1);
            return [.. clean.Select((row, token) => row.Select((value, expert) => value + (deviations[token][expert] * normal[(token * row.Length) + expert])).ToArray())];
        }

        return clean;
    }

    private static double[] Scores(MoeConfig moe, double[] logits)
    {
        if (moe.Gating == GatingKind.Sigmoid)
        {
            return [.. logits.Select(value => 1 / (1 + Math.Exp(-value)))];
        }

        double sum = logits.Sum(Math.Exp);
        return [.. logits.Select(value => Math.Exp(value) / sum)];
    }

    private static List<(int Token, int Slot, int Expert)> Choose(GateCase sample, double[][] logits, double[][] scores)
    {
        MoeConfig moe = sample.Moe;
        Xoshiro256 gumbel = Random(sample, RandomPurposes.Gumbel);
        Xoshiro256 visit = Random(sample, RandomPurposes.Visit);
        bool gshard = sample.Gate is GShardOptions && sample.IsTraining;
        bool drawn = sample.IsTraining && Options(sample) is { Noise: NoisePolicy.RSample };
        List<(int Token, int Slot, int Expert)> choices = [];
        for (int token = 0; token < logits.Length; token++)
        {
            double[] noisy = gshard || drawn ? [.. logits[token].Select(value => value - Math.Log(-Math.Log(gumbel.NextDouble())))] : logits[token];
            double coin = visit.NextDouble();
            if (!sample.Counts(token))
            {
                continue;
            }

            int[] order = Order(drawn ? noisy : [.. scores[token].Select((score, expert) => score + (sample.Bias.Length > 0 ? sample.Bias[expert] : 0))], moe);
            if (gshard)
            {
                int second = Enumerable.Range(0, moe.ExpertCount).Where(expert => expert != order[0]).OrderByDescending(expert => noisy[expert]).First();
                double p1 = scores[token][order[0]];
                double p2 = scores[token][second];
                choices.Add((token, 0, order[0]));
                if (coin < 2 * p2 / (p1 + p2))
                {
                    choices.Add((token, 1, second));
                }
            }
            else
            {
                choices.AddRange(order.Take(moe.TopK).Select((expert, slot) => (token, slot, expert)));
            }
        }

        return choices;
    }

    // Experts of the best groups, best first, ties to the lower id.
    private static int[] Order(double[] ranked, MoeConfig moe)
    {
        int size = moe.ExpertCount / moe.GroupCount;
        HashSet<int> groups = [.. Enumerable.Range(0, moe.GroupCount)
            .OrderByDescending(group => ranked.Skip(group * size).Take(size).OrderDescending().Take(moe.GroupScore == GroupScore.Best ? 1 : 2).Sum())
            .ThenBy(group => group)
            .Take(moe.GroupTopK)];
        return [.. Enumerable.Range(0, moe.ExpertCount).Where(expert => groups.Contains(expert / size)).OrderByDescending(expert => ranked[expert]).ThenBy(expert => expert)];
    }

    private static HashSet<(int Token, int Slot, int Expert)> Keep(GateCase sample, double[][] scores, List<(int Token, int Slot, int Expert)> choices)
    {
        if (sample.Capacity is not { } capacity)
        {
            return [.. choices];
        }

        int topK = sample.Moe.TopK;
        int limit = Math.Max(capacity.Minimum, (int)Math.Ceiling((double)topK * Tokens(sample).Count() / sample.Moe.ExpertCount * capacity.Factor));
        Xoshiro256 random = Random(sample, RandomPurposes.Drop);
        double[] draws = [.. Enumerable.Range(0, sample.Logits.Length * topK).Select(_ => random.NextDouble())];
        double Key((int Token, int Slot, int Expert) choice) => capacity.Policy switch
        {
            DropPolicy.Random => choice.Slot + draws[(choice.Token * topK) + choice.Slot],
            DropPolicy.Position => choice.Slot,
            _ => -(float)scores[choice.Token][choice.Expert],
        };
        return [.. choices.GroupBy(choice => choice.Expert).SelectMany(expert => expert.OrderBy(Key).ThenBy(choice => choice.Token).ThenBy(choice => choice.Slot).Take(limit))];
    }

    private static Dictionary<string, double> Losses(
        GateCase sample, double[][] clean, double[][] deviations, double[][] logits, double[][] scores, List<(int Token, int Slot, int Expert)> choices)
    {
        MoeConfig moe = sample.Moe;
        int[] tokens = [.. Tokens(sample)];
        double[][] shares = [.. scores.Select(row => row.Select(value => value / row.Sum()).ToArray())];
        double LogSum(double[] row) => Math.Log(row.Sum(Math.Exp));
        double[][] z = sample.Gate is NoisyTopKOptions ? clean : logits;
        BalancedChoices counted = Options(sample)?.Balance ?? (moe.TopK > 2 ? BalancedChoices.All : BalancedChoices.First);
        int[] counts = Count(sample, counted == BalancedChoices.All ? choices : choices.Where(choice => choice.Slot == 0));
        double k = counted == BalancedChoices.All ? moe.TopK : 1;
        Dictionary<string, double> losses = new()
        {
            ["balance"] = moe.ExpertCount / k * Enumerable.Range(0, moe.ExpertCount).Sum(e => counts[e] / (double)tokens.Length * tokens.Average(t => shares[t][e])),
            ["z"] = tokens.Average(t => LogSum(z[t]) * LogSum(z[t])),
        };
        if (sample.Gate is BiasBalancedOptions { SequenceLoss: > 0 })
        {
            losses["sequence_balance"] = Enumerable.Range(0, sample.Logits.Length / sample.Length).Average(sequence =>
            {
                int[] own = [.. tokens.Where(t => t / sample.Length == sequence)];
                int[] chosen = Count(sample, choices.Where(choice => own.Contains(choice.Token)));
                return own.Length == 0 ? 0 : Enumerable.Range(0, moe.ExpertCount).Sum(e => (double)moe.ExpertCount / moe.TopK / own.Length * chosen[e] * own.Average(t => shares[t][e]));
            });
        }

        if (sample.Gate is NoisyTopKOptions)
        {
            double[] importance = new double[moe.ExpertCount];
            double[] load = new double[moe.ExpertCount];
            foreach (int t in tokens)
            {
                int[] order = [.. Enumerable.Range(0, moe.ExpertCount).OrderByDescending(e => logits[t][e])];
                double sum = order.Take(moe.TopK).Sum(e => Math.Exp(logits[t][e]));
                foreach (int e in order.Take(moe.TopK))
                {
                    importance[e] += Math.Exp(logits[t][e]) / sum;
                }

                for (int e = 0; moe.TopK < moe.ExpertCount && e < moe.ExpertCount; e++)
                {
                    double threshold = order.Where(other => other != e).Select(other => logits[t][other]).ElementAt(moe.TopK - 1);
                    load[e] += Normal((clean[t][e] - threshold) / deviations[t][e]);
                }
            }

            losses["importance"] = SquaredVariation(importance);
            if (moe.TopK < moe.ExpertCount)
            {
                losses["load"] = SquaredVariation(load);
            }
        }

        return losses;
    }

    private static double SquaredVariation(double[] values) => values.Average(value => Math.Pow(value - values.Average(), 2)) / Math.Pow(values.Average(), 2);

    // The normal distribution function by its power series, which is exact enough where it is not 0 or 1 in single precision.
    private static double Normal(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return x > 0 ? 1 : 0;
        }

        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= x * x / ((2 * n) + 1);
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }

    private static TopKOptions? Options(GateCase sample) => sample.Gate as TopKOptions ?? (sample.Gate as BiasBalancedOptions)?.Choices;

    private static Xoshiro256 Random(GateCase sample, ulong purpose) => new(sample.Seed, purpose, GateCase.Layer);
}
