using System.Collections.Immutable;
using Moiety.Inference;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// Factors of the outputs of experts that stay, against the growth of their weights when others go. Where weights are a softmax over all
/// experts, w = p / S afterwards, with S the share of those that stay, which differs from token to token: no constant and no bias of the
/// router (a softmax is the same after adding one number to all logits) can give every token its p back. The factor
/// c = sum(p w) / sum(w^2) over the tokens that then visit the expert is the best constant: it has the least sum of (c w - p)^2.
/// </summary>
/// <param name="engine">The model before.</param>
/// <param name="tokenizer">Its tokenizer.</param>
public sealed class WeightCompensation(Engine engine, Tokenizer tokenizer)
{
    /// <summary>Measures the factors.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="plan">Which experts stay.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>[layer][expert that stays]: its factor, at most 1; 1 for an expert that no token visits.</returns>
    /// <exception cref="InvalidInputException">The weights of no layer grow, or those of one depend on groups.</exception>
    public ImmutableSortedDictionary<int, ImmutableArray<double>> Measure(IEnumerable<string> texts, PruningPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(plan);
        Check(engine.Config);
        RouteReader reader = new(engine, tokenizer);
        Dictionary<int, (double[] Products, double[] Squares)> sums = reader.Layers.ToDictionary(
            layer => layer, layer => (new double[plan.Kept[layer].Length], new double[plan.Kept[layer].Length]));
        foreach (string text in texts)
        {
            reader.Read(text, (_, _, count, result) => Add(result, count, reader.Layers, plan, sums), cancellationToken);
        }

        return sums.ToImmutableSortedDictionary(
            pair => pair.Key, pair => ImmutableArray.CreateRange(pair.Value.Products.Select((product, expert) => product > 0 ? product / pair.Value.Squares[expert] : 1)));
    }

    /// <summary>Whether weights of a layer grow when experts go, so that there is something to make up for.</summary>
    public static bool Applies(MoeConfig moe)
    {
        ArgumentNullException.ThrowIfNull(moe);
        return moe is { Gating: GatingKind.Softmax, NormalizeTopK: false };
    }

    private void Add(StepResult result, int count, ImmutableArray<int> layers, PruningPlan plan, Dictionary<int, (double[] Products, double[] Squares)> sums)
    {
        foreach (int layer in layers)
        {
            ImmutableArray<int> kept = plan.Kept[layer];
            (double[] products, double[] squares) = sums[layer];
            MoeConfig moe = engine.Config.FeedForwards[layer].Moe!;
            if (!Applies(moe) || kept.Length == moe.ExpertCount)
            {
                continue;
            }

            for (int position = 0; position < count; position++)
            {
                ReadOnlySpan<float> scores = result.Routing(0, layer, position).Scores;
                double share = 0;
                (float Score, int Index)[] left = new (float, int)[kept.Length];
                for (int index = 0; index < kept.Length; index++)
                {
                    left[index] = (scores[kept[index]], index);
                    share += scores[kept[index]];
                }

                foreach ((float score, int index) in left.OrderByDescending(one => one.Score).ThenBy(one => one.Index).Take(moe.TopK))
                {
                    double weight = score / share;
                    products[index] += score * weight;
                    squares[index] += weight * weight;
                }
            }
        }
    }

    // Layers whose weights do not grow need nothing; a model that has no others has nothing to make up for.
    private static void Check(ModelConfig config)
    {
        (int Layer, MoeConfig Moe)[] layers = [.. Enumerable.Range(0, config.LayerCount)
            .Where(layer => config.FeedForwards[layer].Moe is not null)
            .Select(layer => (layer, config.FeedForwards[layer].Moe!))];
        if (layers.Length > 0 && !layers.Any(pair => Applies(pair.Moe)))
        {
            throw new InvalidInputException(layers[0].Moe.NormalizeTopK
                ? "the weights of the chosen experts are divided by their sum, so they do not grow when other experts go, and there is nothing to make up for."
                : $"the weight of an expert does not depend on all others ({layers[0].Moe.Gating}), so there is nothing that a factor could make up for.");
        }

        foreach ((int layer, MoeConfig moe) in layers)
        {
            if (Applies(moe) && (moe.GroupTopK < moe.GroupCount || moe.SelectionBias))
            {
                throw new InvalidInputException($"layer {layer}: which experts a token then visits depends on groups or on a bias for the choice, for which the factors cannot be told from probabilities alone.");
            }
        }
    }
}
