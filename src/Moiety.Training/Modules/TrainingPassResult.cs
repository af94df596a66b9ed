using System.Collections.Immutable;
using Moiety.Training.Routing;

namespace Moiety.Training.Modules;

/// <summary>What a forward and backward pass over one micro-batch gave.</summary>
/// <param name="CrossEntropySum">Sum of the cross-entropy over tokens, in nats.</param>
/// <param name="RouterLoss">Weighted sum of the routers' losses over all layers; 0 without any.</param>
/// <param name="RouterLosses">Each of them unweighted, mean over the layers that have it.</param>
/// <param name="Routers">What each router did.</param>
internal sealed record TrainingPassResult(double CrossEntropySum, double RouterLoss, ImmutableArray<RouterLossMean> RouterLosses, ImmutableArray<RouterStatistics> Routers)
{
    /// <summary>Sum over tokens of T^2 KL(teacher || student), without its weight; 0 without a teacher.</summary>
    internal double DistillationSum { get; init; }

    /// <summary>Load-balancing loss, mean over MoE layers; 0 without any.</summary>
    internal double Balance => MeanOf(RouterLossNames.Balance);

    /// <summary>Router z-loss, mean over MoE layers; 0 without any.</summary>
    internal double RouterZ => MeanOf(RouterLossNames.Z);

    private double MeanOf(string name) => RouterLosses.FirstOrDefault(loss => loss.Name == name).Value;
}
