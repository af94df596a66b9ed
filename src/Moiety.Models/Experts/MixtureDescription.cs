using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;

namespace Moiety.Models.Experts;

/// <summary>A model's experts as the survey of Mixture-of-Experts (arXiv 2407.06204) tells families apart: from the configuration alone.</summary>
/// <param name="Family">The family.</param>
/// <param name="LayerCount">All layers.</param>
/// <param name="DenseLayers">Layers without experts, counted from 0.</param>
/// <param name="LeadingDense">How many of them come before the first layer with experts.</param>
/// <param name="ExpertsPerLayer">[layer]: number of experts, 0 for a dense layer.</param>
/// <param name="Mixtures">The layers with experts, those that are alike together, in the order of their first layers.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="ActiveParameters">Those that one token's forward pass multiplies with.</param>
/// <param name="ExpertParameters">Those of routed experts.</param>
public sealed record MixtureDescription(
    string Family,
    int LayerCount,
    ImmutableArray<int> DenseLayers,
    int LeadingDense,
    ImmutableArray<int> ExpertsPerLayer,
    ImmutableArray<MixtureLayers> Mixtures,
    long Parameters,
    long ActiveParameters,
    long ExpertParameters)
{
    /// <summary>Describes a model.</summary>
    /// <exception cref="InvalidInputException">No layer has experts.</exception>
    public static MixtureDescription Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int[] layers = [.. Enumerable.Range(0, config.LayerCount)];
        ImmutableArray<int> dense = [.. layers.Where(layer => config.FeedForwards[layer].Moe is null)];
        if (dense.Length == config.LayerCount)
        {
            throw new InvalidInputException($"the model of the family \"{config.Family}\" is dense: none of its {config.LayerCount} layers has experts. moiety inspect shows what it is.");
        }

        int denseWidth = dense.IsEmpty ? 0 : config.FeedForwards[dense[0]].IntermediateSize;
        ModelSummary summary = ModelSummary.From(config);
        return new MixtureDescription(
            config.Family,
            config.LayerCount,
            dense,
            config.FeedForwards.TakeWhile(layer => layer.Moe is null).Count(),
            [.. config.FeedForwards.Select(layer => layer.Moe?.ExpertCount ?? 0)],
            [.. layers.Where(layer => config.FeedForwards[layer].Moe is not null)
                .GroupBy(layer => config.FeedForwards[layer])
                .Select(group => MixtureLayers.Of([.. group], group.Key, config.HiddenSize, denseWidth))],
            summary.Parameters,
            summary.ActiveParameters,
            summary.ParametersByPart.GetValueOrDefault(ModelPart.Experts));
    }
}
