namespace Moiety.Training.Losses;

/// <summary>How the losses of a micro-batch are weighed.</summary>
/// <param name="Balance">Coefficient of the load-balancing loss, summed over layers.</param>
/// <param name="RouterZ">Coefficient of the router z-loss, summed over layers.</param>
/// <param name="MicroBatchShare">Share of the micro-batch in the step: 1 / accumulation.</param>
internal sealed record LossWeights(double Balance, double RouterZ, double MicroBatchShare);
