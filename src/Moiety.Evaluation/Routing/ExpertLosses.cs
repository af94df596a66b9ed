using System.Collections.Immutable;
using Moiety.Evaluation.Perplexity;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// By how much a model's loss on a text grows when one expert is missing: its tokens go to the next best. In group-limited routing, where
/// a group cannot be one short, and under hash routing, the expert keeps its tokens and gives nothing.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="texts">The documents to predict.</param>
/// <param name="engine">How to use the machine.</param>
public sealed class ExpertLosses(Checkpoint model, IReadOnlyList<string> texts, EngineOptions? engine = null)
{
    /// <summary>Measures every expert of some layers.</summary>
    /// <param name="layers">Layers with experts, default for all of them.</param>
    /// <param name="progress">Told layer, expert and growth of the loss.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>[layer][expert]: growth of the loss in nats per token; below 0 where the model is better off without the expert.</returns>
    /// <exception cref="InvalidInputException">The model carries no tokenizer, the text is too short, or every token of a layer visits all experts.</exception>
    public ImmutableSortedDictionary<int, ImmutableArray<double>> Measure(
        ImmutableArray<int> layers = default, IProgress<(int Layer, int Expert, double Growth)>? progress = null, CancellationToken cancellationToken = default)
    {
        double whole = Loss(model, cancellationToken);
        ImmutableSortedDictionary<int, ImmutableArray<double>>.Builder losses = ImmutableSortedDictionary.CreateBuilder<int, ImmutableArray<double>>();
        for (int layer = 0; layer < model.Config.LayerCount; layer++)
        {
            if (model.Config.FeedForwards[layer].Moe is not { } moe || (!layers.IsDefault && !layers.Contains(layer)))
            {
                continue;
            }

            if (moe.TopK == moe.ExpertCount)
            {
                throw new InvalidInputException($"{model.Path}: layer {layer} sends every token to all of its {moe.ExpertCount} experts, so none can be missing.");
            }

            double[] growth = new double[moe.ExpertCount];
            for (int expert = 0; expert < growth.Length; expert++)
            {
                using Checkpoint without = Without(layer, moe, expert);
                growth[expert] = Loss(without, cancellationToken) - whole;
                progress?.Report((layer, expert, growth[expert]));
            }

            losses.Add(layer, [.. growth]);
        }

        return losses.ToImmutable();
    }

    private Checkpoint Without(int layer, MoeConfig moe, int expert) => moe is { GroupCount: 1, Gating: not GatingKind.Hash }
        ? ExpertPruning.Apply(model, ExpertPruning.Without(model.Config, layer, expert))
        : ExpertPruning.Silence(model, layer, expert);

    private double Loss(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        Tokenizer tokenizer = model.Tokenizer ?? throw new InvalidInputException($"{model.Path}: the model carries no tokenizer, so no text can be read with it.");
        using Engine running = Engine.Open(checkpoint, engine);
        return new PerplexityEvaluator(running, tokenizer).Evaluate(texts, cancellationToken: cancellationToken).Loss;
    }
}
