using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// SparseMixer-v2 (Liu et al., arXiv 2310.00811; Phi-3.5-MoE, arXiv 2409.12136): two choices, one after the other. A choice looks at the logits
/// that are near the largest of those left, (max - z) / max(|z|, max) at most 2 * jitter; its weight is its share p in their softmax. In
/// evaluation the choice is the largest; in training it is drawn from the softmax, and the output is scaled by 1/3 where it was not
/// the largest, in three cases of four: with the gradient of p, that is Heun's third-order estimate of the gradient of the discrete choice.
/// </summary>
internal sealed class SparseMixerGate(GateSite site) : IGate
{
    private const int Choices = 2;
    private const double Damped = 1.0 / 3;
    private const double Undamped = 0.25;
    private const double Hidden = -1e30;

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        MoeConfig moe = site.Config;
        float[] logits = input.Read(input.Logits);
        int tokens = input.Tokens;
        Xoshiro256 random = input.Random(RandomPurposes.Mixer);
        ExpertChoices choices = new(tokens, moe.ExpertCount, Choices);
        float[] factors = new float[logits.Length];
        Tensor shares = zeros_like(input.Logits);
        bool[] taken = new bool[logits.Length];
        for (int choice = 0; choice < Choices; choice++)
        {
            float[] mask = Near(logits, taken);
            Tensor near = input.Logits.Plus(tensor(mask, device: input.Logits.device).view(tokens, moe.ExpertCount)).softmax(1);
            float[] probabilities = HostValues.Read(near);
            float[] chosen = new float[logits.Length];
            for (int token = 0; token < tokens; token++)
            {
                if (!input.Used.IsEmpty && !input.Used.Span[token])
                {
                    continue;
                }

                ReadOnlySpan<float> row = probabilities.AsSpan(token * moe.ExpertCount, moe.ExpertCount);
                int best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row);
                int expert = input.IsTraining ? Draw(row, random.NextDouble()) : best;
                bool damped = input.IsTraining && random.NextDouble() >= Undamped && expert != best;
                choices.Of(token)[choice] = expert;
                int at = (token * moe.ExpertCount) + expert;
                factors[at] = damped ? (float)Damped : 1;
                chosen[at] = 1;
                taken[at] = true;
            }

            // The two choices of a token are different experts, so one matrix holds the weights of both.
            shares = shares.Plus(near * tensor(chosen, device: near.device).view(near.shape));
        }

        return Weigh(input, choices, shares, factors, logits);
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    private TableRouting Weigh(GateInput input, ExpertChoices choices, Tensor shares, float[] factors, float[] logits)
    {
        if (input.Capacity is { } capacity)
        {
            Xoshiro256 random = input.Random(RandomPurposes.Drop);
            choices.Limit(capacity, logits, input.UsedTokens, ref random);
        }

        RoutingTable table = choices.Sort();
        Tensor weights = AssignmentWeights.Of(shares, table, normalize: false, site.Config.WeightScale);
        if (input.IsTraining)
        {
            // Damping changes the value and not the gradient.
            float[] kept = [.. table.ProbabilityIndices.Select(index => factors[index] - 1)];
            weights = weights.Plus(weights.detach() * tensor(kept, device: weights.device));
        }

        return new TableRouting(table, weights)
        {
            Losses = !input.IsTraining || input.UsedTokens == 0 ? [] :
            [
                new RouterLoss(RouterLossNames.Balance, LoadBalancingLoss.Compute(input.OnlyUsed(input.Logits).softmax(1), table.FirstChoiceCounts)),
                new RouterLoss(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(input.Logits))),
            ],
            Statistics = new RouterStatistics(site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped),
        };
    }

    // What to add to the logits so that a softmax sees only those near the largest of them.
    private float[] Near(float[] logits, bool[] taken)
    {
        int experts = site.Config.ExpertCount;
        float[] mask = new float[logits.Length];
        for (int start = 0; start < logits.Length; start += experts)
        {
            float best = float.NegativeInfinity;
            for (int expert = start; expert < start + experts; expert++)
            {
                best = taken[expert] ? best : Math.Max(best, logits[expert]);
            }

            for (int expert = start; expert < start + experts; expert++)
            {
                bool far = (best - logits[expert]) / Math.Max(Math.Abs(logits[expert]), best) > 2 * site.Config.SparseMixerJitter;
                mask[expert] = taken[expert] || far ? (float)Hidden : 0;
            }
        }

        return mask;
    }

    private static int Draw(ReadOnlySpan<float> probabilities, double number)
    {
        int last = 0;
        for (int expert = 0; expert < probabilities.Length; expert++)
        {
            if (probabilities[expert] > 0)
            {
                last = expert;
                number -= probabilities[expert];
                if (number < 0)
                {
                    break;
                }
            }
        }

        return last;
    }
}
