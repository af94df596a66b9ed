using System.Collections.Immutable;

namespace Moiety.Training.Modules;

/// <summary>What a forward and backward pass over one micro-batch gave.</summary>
/// <param name="CrossEntropySum">Sum of the cross-entropy over tokens, in nats.</param>
/// <param name="Balance">Load-balancing loss, mean over MoE layers; 0 without any.</param>
/// <param name="RouterZ">Router z-loss, mean over MoE layers; 0 without any.</param>
/// <param name="Routers">What each router did.</param>
internal sealed record TrainingPassResult(double CrossEntropySum, double Balance, double RouterZ, ImmutableArray<RouterStatistics> Routers);
