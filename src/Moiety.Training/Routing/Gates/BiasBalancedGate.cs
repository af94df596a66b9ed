using Moiety.Models.Configuration;
using Moiety.Training.Losses;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Balance without an auxiliary loss (Wang et al., arXiv 2408.15664; DeepSeek-V3, arXiv 2412.19437): experts are chosen by score plus a bias
/// b, which weights do not see and which gets no gradient. After each optimizer step b_e += u * sign(mean load - load_e), the load counted
/// over all micro-batches, before drops.
/// </summary>
internal sealed class BiasBalancedGate(GateSite site, BiasBalancedOptions options) : TopKGate(site, options.Choices)
{
    private readonly long[] _load = new long[site.Config.ExpertCount];

    /// <inheritdoc/>
    public override void AfterStep()
    {
        double mean = (double)_load.Sum() / _load.Length;
        float[] change = Array.ConvertAll(_load, load => (float)(options.UpdateRate * Math.Sign(mean - load)));
        Array.Clear(_load);
        using IDisposable guard = no_grad();
        using Tensor bias = Site.Store.View(TensorNames.SelectionBias(Site.Layer));
        using Tensor delta = tensor(change, device: bias.device);
        bias.add_(delta);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<RouterLoss> Losses(GateInput input, Tensor logits, Tensor probabilities, ExpertChoices choices, RoutingTable table)
    {
        for (int expert = 0; expert < _load.Length; expert++)
        {
            _load[expert] += table.ChosenCounts[expert];
        }

        // The load-balancing loss is reported, so that runs can be compared, and gives no gradient.
        List<RouterLoss> losses =
        [
            new(RouterLossNames.Balance, Balance(input, probabilities, table).detach()) { Coefficient = 0 },
            new(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(logits))),
        ];
        if (options.SequenceLoss > 0)
        {
            int length = (int)(input.TokenIds?.shape[1] ?? input.Tokens);
            losses.Add(new RouterLoss(RouterLossNames.SequenceBalance, SequenceBalanceLoss.Compute(probabilities, choices, length, input.Used.Span))
            {
                Coefficient = options.SequenceLoss,
            });
        }

        return losses;
    }
}
