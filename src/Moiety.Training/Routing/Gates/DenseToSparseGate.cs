using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// The dense-to-sparse gate of EvoMoE (Nie et al., arXiv 2112.14397): g = softmax((x W + zeta) / tau), zeta Gumbel noise. A token visits the
/// experts whose g reaches a threshold, with weight g. The temperature tau falls geometrically, and so does the number of experts that a token
/// may visit, from all to k; the k best are always visited. From a share of the run on, and in evaluation, it is <see cref="TopKGate"/>: tau ends
/// at 1, so that weights go over into those of the served model, softmax(x W), without a jump.
/// </summary>
internal sealed class DenseToSparseGate(DenseToSparseOptions options, GateSite site) : IGate
{
    private readonly TopKGate _sparse = new(site);

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        if (!input.IsTraining || input.Progress >= options.Share)
        {
            return _sparse.Route(input);
        }

        MoeConfig moe = site.Config;
        double annealed = input.Progress / options.Share;
        double temperature = Math.Pow(options.Temperature, 1 - annealed);
        int most = (int)Math.Ceiling(moe.ExpertCount * Math.Pow((double)moe.TopK / moe.ExpertCount, annealed));
        Tensor noisy = input.Logits.Plus(Noise(input)).Times(1 / temperature).softmax(1);
        float[] weights = input.Read(noisy);
        ExpertChoices choices = ExpertChoices.Best(weights, moe.ExpertCount, most, input.Used.Span);
        Thin(choices, weights);
        if (input.Capacity is { } capacity)
        {
            Xoshiro256 random = input.Random(RandomPurposes.Drop);
            choices.Limit(capacity, weights, input.UsedTokens, ref random);
        }

        RoutingTable table = choices.Sort();
        return new TableRouting(table, AssignmentWeights.Of(noisy, table, moe.NormalizeTopK, moe.WeightScale))
        {
            Losses = input.UsedTokens == 0 ? [] :
            [
                new RouterLoss(RouterLossNames.Balance, LoadBalancingLoss.Compute(input.OnlyUsed(input.Logits).softmax(1), table.FirstChoiceCounts)),
                new RouterLoss(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(input.Logits))),
            ],
            Statistics = new RouterStatistics(site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped),
        };
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    private static Tensor Noise(GateInput input)
    {
        Xoshiro256 random = input.Random(RandomPurposes.Gumbel);
        float[] noise = new float[input.Logits.numel()];
        RandomTensors.AddGumbel(noise, ref random);
        return tensor(noise, device: input.Logits.device).view(input.Logits.shape);
    }

    // Choices are in falling order: what is below the threshold stands at the end.
    private void Thin(ExpertChoices choices, float[] weights)
    {
        int experts = site.Config.ExpertCount;
        for (int token = 0; token < weights.Length / experts; token++)
        {
            Span<int> chosen = choices.Of(token);
            for (int i = site.Config.TopK; i < chosen.Length; i++)
            {
                if (chosen[i] != ExpertChoices.None && weights[(token * experts) + chosen[i]] < options.Threshold)
                {
                    chosen[i] = ExpertChoices.None;
                }
            }
        }
    }
}
