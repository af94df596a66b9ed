using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Noisy top-k gating (Shazeer et al., arXiv 1701.06538, eq. 3 to 5): H(x) = x W_g + n * softplus(x W_noise) with n standard normal, the k
/// largest, softmax over these. The noise matrix is learned, starts at zero like in the paper, and is no part of the served model; in
/// evaluation there is no noise.
/// </summary>
internal sealed class NoisyTopKGate : TopKGate
{
    private readonly NoisyTopKOptions _options;
    private readonly Parameter _noise;
    private Tensor? _deviations;

    /// <summary>Declares the noise matrix.</summary>
    internal NoisyTopKGate(GateSite site, NoisyTopKOptions options)
        : base(site)
    {
        _options = options;
        _noise = site.Store.Declare((NoiseName(site.Layer), site.Config.ExpertCount, site.Hidden));
    }

    /// <summary>Name of the noise matrix in training checkpoints.</summary>
    internal static string NoiseName(int layer) => FormattableString.Invariant($"model.layers.{layer}.mlp.gate.noise.weight");

    /// <inheritdoc/>
    protected override Tensor Logits(GateInput input)
    {
        if (!input.IsTraining)
        {
            return input.Logits;
        }

        _deviations = nn.functional.softplus(input.Rows.mm(_noise.Value.t()));
        return input.Logits.Plus(_deviations * RandomTensors.Normal(input.Logits, input.Random(RandomPurposes.Normal)));
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<RouterLoss> Losses(GateInput input, Tensor logits, Tensor probabilities, ExpertChoices choices, RoutingTable table)
    {
        Tensor used = input.OnlyUsed(logits);
        Tensor weights = TopKWeights(used);
        List<RouterLoss> losses =
        [
            // Reported, so that runs can be compared; this gate is balanced by the two below.
            new(RouterLossNames.Balance, Balance(input, probabilities, table).detach()) { Coefficient = 0 },
            new(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(input.Logits))),
            new(RouterLossNames.Importance, VariationLoss.Compute(weights.sum(dim: 0L))) { Coefficient = _options.ImportanceLoss },
        ];
        if (Config.TopK < Config.ExpertCount)
        {
            Tensor load = ExpectedLoad.Compute(input.OnlyUsed(input.Logits), used, input.OnlyUsed(_deviations!), Config.TopK);
            losses.Add(new RouterLoss(RouterLossNames.Load, VariationLoss.Compute(load)) { Coefficient = _options.LoadLoss });
        }

        return losses;
    }

    // The gate's output before drops: [tokens, experts], zero but for the k largest of each row, whose softmax it holds.
    private Tensor TopKWeights(Tensor logits)
    {
        (Tensor values, Tensor indices) = logits.topk(Config.TopK, 1);
        return zeros_like(logits).scatter(1, indices, values.softmax(1));
    }
}
