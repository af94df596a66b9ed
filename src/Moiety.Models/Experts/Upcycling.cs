using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;

namespace Moiety.Models.Experts;

/// <summary>
/// Sparse upcycling (Komatsuzaki et al., arXiv 2212.05055): every expert starts as a copy of the dense MLP that it replaces, beside a new
/// random router. With normalized weights and without noise the new model computes what the dense one does.
/// </summary>
public static class Upcycling
{
    private static readonly string[] Targets = ["mixtral", "moiety_moe"];

    /// <summary>The architecture of the upcycled model.</summary>
    /// <param name="dense">The dense model.</param>
    /// <param name="options">What to make of it.</param>
    /// <exception cref="InvalidInputException">An option does not fit the model, a layer has experts already, or no family can express the result.</exception>
    public static ModelConfig Describe(ModelConfig dense, UpcycleOptions options)
    {
        ArgumentNullException.ThrowIfNull(dense);
        ArgumentNullException.ThrowIfNull(options);
        Check(dense, options);
        ImmutableArray<int> layers = LayersOf(dense, options);
        ModelConfig config = dense with
        {
            FeedForwards = [.. dense.FeedForwards.Select((layer, index) => layers.Contains(index) ? Expand(layer, options) : layer)],
        };
        string? obstacle = null;
        foreach (string family in dense.Family == Targets[^1] ? Targets[^1..] : Targets)
        {
            ModelConfig candidate = config with { Family = family };
            candidate.Validate();
            obstacle = FindObstacle(candidate);
            if (obstacle is null)
            {
                return candidate;
            }
        }

        throw new InvalidInputException($"a model of the family \"{dense.Family}\" cannot be upcycled to \"{Targets[^1]}\", which needs that {obstacle}.");
    }

    /// <summary>The tensors of the upcycled model.</summary>
    /// <param name="dense">The dense model; stays open while the tensors are read.</param>
    /// <param name="config">What <see cref="Describe"/> gives for it.</param>
    /// <param name="options">The same options.</param>
    public static TensorSource Tensors(Checkpoint dense, ModelConfig config, UpcycleOptions options) => new UpcycledTensorSource(dense, config, options);

    private static string? FindObstacle(ModelConfig config)
    {
        ModelFamily family = ModelFamilies.Get(config.Family);
        return family.FindObstacle(config) ?? family.FindGgufObstacle(config);
    }

    private static ImmutableArray<int> LayersOf(ModelConfig dense, UpcycleOptions options) =>
        options.Layers.IsDefault ? [.. Enumerable.Range(0, dense.LayerCount)] : options.Layers;

    private static FeedForwardConfig Expand(FeedForwardConfig layer, UpcycleOptions options) => layer with
    {
        IntermediateSize = options.Residual ? layer.IntermediateSize : 0,
        Bias = false,
        Moe = new MoeConfig
        {
            ExpertCount = options.ExpertCount * options.SplitFactor,
            TopK = options.TopK * options.SplitFactor,
            ExpertIntermediateSize = layer.IntermediateSize / options.SplitFactor,
            SharedIntermediateSize = options.Shared ? layer.IntermediateSize : 0,
            NormalizeTopK = options.Normalizes,
            Residual = options.Residual,
            ExpertBias = layer.Bias,
        },
    };

    private static void Check(ModelConfig dense, UpcycleOptions options)
    {
        if (options.ExpertCount < 1 || options.TopK < 1 || options.TopK > options.ExpertCount)
        {
            throw new InvalidInputException($"a token cannot visit {options.TopK} of {options.ExpertCount} experts: experts must be at least 1, top-k from 1 to their number.");
        }

        if (options.SplitFactor < 1 || (long)options.ExpertCount * options.SplitFactor > ModelConfigValidator.MaxWidth)
        {
            throw new InvalidInputException($"{options.ExpertCount} copies cannot be split into {options.SplitFactor} slices each: give 1 or more, and not too many.");
        }

        if (options.Residual && options.Shared)
        {
            throw new InvalidInputException("a layer has either a fixed MLP that is mixed with the experts (residual) or shared experts that are added to them, not both.");
        }

        if (!double.IsFinite(options.Noise) || options.Noise < 0 || !double.IsFinite(options.RouterDeviation) || options.RouterDeviation < 0)
        {
            throw new InvalidInputException($"noise and router deviation must be 0 or more, not {options.Noise} and {options.RouterDeviation}.");
        }

        ImmutableArray<int> layers = LayersOf(dense, options);
        if (layers.IsEmpty)
        {
            throw new InvalidInputException("no layer is to be upcycled: name at least one.");
        }

        foreach (int layer in layers)
        {
            if (layer < 0 || layer >= dense.LayerCount)
            {
                throw new InvalidInputException($"layer {layer} is not one of the model's {dense.LayerCount} layers, which are counted from 0.");
            }

            if (dense.FeedForwards[layer].Moe is not null)
            {
                throw new InvalidInputException($"layer {layer} has experts already; only a dense layer can be upcycled. Choose other layers.");
            }

            if (dense.FeedForwards[layer].IntermediateSize % options.SplitFactor != 0)
            {
                throw new InvalidInputException($"layer {layer}: {options.SplitFactor} slices do not divide its width of {dense.FeedForwards[layer].IntermediateSize}.");
            }
        }
    }
}
