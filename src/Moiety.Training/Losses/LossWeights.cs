using System.Collections.Immutable;
using Moiety.Training.Modules;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>How the losses of a micro-batch are weighed.</summary>
/// <param name="Balance">Coefficient of the load-balancing loss, summed over layers.</param>
/// <param name="RouterZ">Coefficient of the router z-loss, summed over layers.</param>
/// <param name="MicroBatchShare">Share of the micro-batch in the step: 1 / accumulation.</param>
internal sealed record LossWeights(double Balance, double RouterZ, double MicroBatchShare)
{
    /// <summary>The weighted sum of the routers' losses over all layers, a scalar, and the mean of each over the layers that have it.</summary>
    internal (Tensor Sum, ImmutableArray<RouterLossMean> Means) Weigh(IReadOnlyCollection<RouterLoss> losses)
    {
        Tensor? sum = null;
        ImmutableArray<RouterLossMean>.Builder means = ImmutableArray.CreateBuilder<RouterLossMean>();
        foreach (IGrouping<string, RouterLoss> group in losses.GroupBy(loss => loss.Name, StringComparer.Ordinal))
        {
            Tensor total = stack(group.Select(loss => loss.Value)).sum();
            double[] coefficients = [.. group.Select(CoefficientOf).Distinct()];
            Tensor weighted = coefficients.Length == 1
                ? total.Times(coefficients[0])
                : stack(group.Select(loss => loss.Value.Times(CoefficientOf(loss)))).sum();
            sum = sum is null ? weighted : sum.Plus(weighted);
            means.Add(new RouterLossMean(group.Key, total.ToDouble() / group.Count()));
        }

        return (sum ?? zeros(1).sum(), means.ToImmutable());
    }

    private double CoefficientOf(RouterLoss loss) => loss.Coefficient ?? loss.Name switch
    {
        RouterLossNames.Balance => Balance,
        RouterLossNames.Z => RouterZ,
        _ => throw new InvalidOperationException($"The loss {loss.Name} has no coefficient."),
    };
}
