using Moiety.Numerics.Randomness;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Top-2 of GShard (Lepikhin et al., arXiv 2006.16668, algorithm 1). In training the second expert is the largest of the other logits with
/// Gumbel noise, and is visited with probability min(1, 2 w2), w2 = p2 / (p1 + p2): where it would contribute little, its capacity goes to
/// other tokens. Weights are divided by the sum over what was kept. In evaluation both are the most probable ones.
/// </summary>
internal sealed class GShardGate(GateSite site, GShardOptions options) : TopKGate(site)
{
    /// <inheritdoc/>
    protected override ExpertChoices Choose(Tensor logits, float[] scores, GateInput input)
    {
        ExpertChoices choices = base.Choose(logits, scores, input);
        if (!input.IsTraining)
        {
            return choices;
        }

        float[] values = input.Read(logits);
        Xoshiro256 noise = input.Random(RandomPurposes.Gumbel);
        Xoshiro256 visits = input.Random(RandomPurposes.Visit);
        Span<int> best = stackalloc int[1];
        for (int token = 0; token < input.Tokens; token++)
        {
            // The streams move on for every token, so that what one draws does not depend on which others count.
            Span<float> row = values.AsSpan(token * Config.ExpertCount, Config.ExpertCount);
            if (options.SecondNoise)
            {
                RandomTensors.AddGumbel(row, ref noise);
            }

            double drawn = visits.NextDouble();
            Span<int> choice = choices.Of(token);
            if (choice[0] == ExpertChoices.None)
            {
                continue;
            }

            row[choice[0]] = float.NegativeInfinity;
            BestExperts.Choose(row, best);
            float first = scores[(token * Config.ExpertCount) + choice[0]];
            float second = scores[(token * Config.ExpertCount) + best[0]];
            choice[1] = options.SecondRandom && drawn >= 2.0 * second / Math.Max(first + second, 1e-9) ? ExpertChoices.None : best[0];
        }

        return choices;
    }
}
