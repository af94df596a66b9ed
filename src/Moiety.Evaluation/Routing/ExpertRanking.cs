using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>Scores of experts from what their routers did with a text.</summary>
public static class ExpertRanking
{
    /// <summary>Scores by a criterion that one pass over the text is enough for.</summary>
    /// <param name="routes">What the routers did.</param>
    /// <param name="criterion">All but <see cref="ExpertCriterion.Loss"/>, which <see cref="ExpertLosses"/> measures.</param>
    /// <returns>[layer][expert]: the higher, the more it is worth.</returns>
    public static ImmutableSortedDictionary<int, ImmutableArray<double>> Score(RouteStatistics routes, ExpertCriterion criterion)
    {
        ArgumentNullException.ThrowIfNull(routes);
        return routes.Layers.ToImmutableSortedDictionary(layer => layer.Layer, layer => criterion switch
        {
            ExpertCriterion.Load => layer.Loads,
            ExpertCriterion.Weight => layer.Contributions,
            ExpertCriterion.Reap => layer.Saliencies,
            _ => throw new ArgumentOutOfRangeException(nameof(criterion), criterion, "It takes a pass for each expert."),
        });
    }
}
