using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>
/// Makes a dense model of a Mixture-of-Experts: the experts of a layer become one, by an average or a choice, and stand side by side with
/// the fixed MLP or the shared experts in one wider MLP. What depended on the token, the weights, becomes a constant.
/// </summary>
public static class Densification
{
    private static readonly string[] Families = ["llama", "qwen2", "qwen3", "mistral", "olmo2", "granite", "ernie4_5", "moiety_moe"];

    /// <summary>The architecture of the dense model: of the first family that can express it, Llama if it can.</summary>
    /// <param name="config">The model with experts.</param>
    /// <exception cref="InvalidInputException">The model is dense already, or no family can express the result.</exception>
    public static ModelConfig Describe(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.FeedForwards.All(layer => layer.Moe is null))
        {
            throw new InvalidInputException($"the model is dense: none of its {config.LayerCount} layers has experts.");
        }

        ModelConfig dense = config with { FeedForwards = [.. config.FeedForwards.Select(Widen)] };
        string? obstacle = null;
        foreach (string family in Families.Append(config.Family).Distinct())
        {
            ModelConfig candidate = dense with { Family = family };
            candidate.Validate();
            obstacle = ExpertCounts.FindObstacle(candidate);
            if (obstacle is null)
            {
                return candidate;
            }
        }

        throw new InvalidInputException($"no dense family can express a model of the family \"{config.Family}\" without experts; \"{config.Family}\" itself needs that {obstacle}.");
    }

    /// <summary>The dense model, whose weights are computed when they are first asked for. The source must stay open.</summary>
    /// <param name="source">The model with experts.</param>
    /// <param name="config">What <see cref="Describe"/> gives for it.</param>
    /// <param name="layers">[layer with experts]: how it becomes dense.</param>
    public static Checkpoint Apply(Checkpoint source, ModelConfig config, IReadOnlyDictionary<int, DenseLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layers);
        return new DensifiedCheckpoint(source, config, layers);
    }

    private static FeedForwardConfig Widen(FeedForwardConfig layer) => layer.Moe is not { } moe ? layer : layer with
    {
        IntermediateSize = checked(moe.ExpertIntermediateSize + (moe.Residual ? layer.IntermediateSize : 0) + moe.SharedIntermediateSize),
        Bias = moe.ExpertBias,
        Moe = null,
    };
}
