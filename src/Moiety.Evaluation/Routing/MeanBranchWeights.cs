using System.Collections.Immutable;
using System.Numerics.Tensors;
using Moiety.Inference;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// With what weight the experts of a layer, and the fixed MLP or the shared experts beside them, count on average: the constants of the
/// dense model that is made of it.
/// </summary>
public static class MeanBranchWeights
{
    /// <summary>Measures every layer with experts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="mostUsed">Whether the expert of the largest total weight stands for all; otherwise the average by total weight.</param>
    /// <param name="options">How to use the machine.</param>
    /// <param name="progress">Told the number of tokens read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">The model carries no tokenizer, is dense, or the texts hold no token.</exception>
    public static ImmutableSortedDictionary<int, DenseLayer> Measure(
        Checkpoint model, IReadOnlyList<string> texts, bool mostUsed, EngineOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(texts);
        Tokenizer tokenizer = model.Tokenizer ?? throw new InvalidInputException($"{model.Path}: the model carries no tokenizer, so no text can be read with it.");
        Dictionary<Matrix, Mixing> watched = Watch(model);
        using Engine engine = Engine.Open(model, (options ?? new EngineOptions()) with
        {
            ProductInputs = (weights, input) =>
            {
                if (watched.TryGetValue(weights, out Mixing? mixing))
                {
                    mixing.Add(input);
                }
            },
        });
        RouteReader reader = new(engine, tokenizer);
        Dictionary<int, double[]> weights = reader.Layers.ToDictionary(layer => layer, layer => new double[model.Config.FeedForwards[layer].Moe!.ExpertCount]);
        long tokens = 0;
        foreach (string text in texts)
        {
            tokens += reader.Read(
                text,
                (_, _, count, result) =>
                {
                    for (int position = 0; position < count; position++)
                    {
                        foreach (int layer in reader.Layers)
                        {
                            RouterDecision decision = result.Routing(0, layer, position);
                            for (int choice = 0; choice < decision.Experts.Length; choice++)
                            {
                                weights[layer][decision.Experts[choice]] += decision.Weights[choice];
                            }
                        }
                    }
                },
                cancellationToken);
            progress?.Report(tokens);
        }

        Dictionary<int, Mixing> mixings = watched.Values.ToDictionary(mixing => mixing.Layer);
        return tokens == 0
            ? throw new InvalidInputException("the text is empty: there is no token to read.")
            : weights.ToImmutableSortedDictionary(pair => pair.Key, pair => Describe(pair.Value, tokens, mixings.GetValueOrDefault(pair.Key), mostUsed));
    }

    private static DenseLayer Describe(double[] weights, long tokens, Mixing? mixing, bool mostUsed)
    {
        double total = weights.Sum();
        int best = Array.IndexOf(weights, weights.Max());
        return new DenseLayer(
            [.. weights.Select((weight, expert) => mostUsed ? (expert == best ? 1.0 : 0) : weight / total)],
            total / tokens * (mixing?.Experts ?? 1),
            mixing?.Branch ?? 1);
    }

    // What the weights of branches are computed from is what every token's fixed MLP or shared experts read.
    private static Dictionary<Matrix, Mixing> Watch(Checkpoint model)
    {
        Dictionary<Matrix, Mixing> watched = new(ReferenceEqualityComparer.Instance);
        for (int layer = 0; layer < model.Config.LayerCount; layer++)
        {
            if (model.Config.FeedForwards[layer].Moe is not { } moe)
            {
                continue;
            }

            if (moe.Residual && moe.SharedIntermediateSize > 0)
            {
                throw new InvalidInputException($"{model.Path}: layer {layer} has both a fixed MLP and shared experts; a dense model of such a layer is not made.");
            }

            if (moe.Residual)
            {
                watched.Add(model.GetTensor(TensorNames.ResidualUp(layer)), new Mixing(layer, model, TensorNames.Coefficient(layer), TensorNames.CoefficientBias(layer)));
            }
            else if (moe is { SharedIntermediateSize: > 0, SharedGate: true })
            {
                watched.Add(model.GetTensor(TensorNames.SharedUp(layer)), new Mixing(layer, model, TensorNames.SharedWeight(layer), null));
            }
        }

        return watched;
    }

    /// <summary>The mean weights of one layer's branches: a softmax of two, or a sigmoid for the shared experts.</summary>
    private sealed class Mixing(int layer, Checkpoint model, string weights, string? bias)
    {
        private readonly float[][] _rows = Decode(model.GetTensor(weights));
        private readonly float[] _bias = bias is null ? [] : [.. Decode(model.GetTensor(bias)).SelectMany(row => row)];
        private double _experts;
        private double _branch;
        private long _tokens;

        public int Layer => layer;

        public double Experts => _experts / _tokens;

        public double Branch => _branch / _tokens;

        public void Add(ReadOnlySpan<float> input)
        {
            double first = TensorPrimitives.Dot(_rows[0], input);
            if (_bias.Length == 0)
            {
                _experts += 1;
                _branch += 1 / (1 + Math.Exp(-first));
            }
            else
            {
                double second = TensorPrimitives.Dot(_rows[1], input);
                double share = 1 / (1 + Math.Exp(second + _bias[1] - first - _bias[0]));
                _experts += share;
                _branch += 1 - share;
            }

            _tokens++;
        }

        private static unsafe float[][] Decode(Matrix matrix)
        {
            float[][] rows = [.. Enumerable.Range(0, matrix.Rows).Select(_ => new float[matrix.Columns])];
            for (int row = 0; row < matrix.Rows; row++)
            {
                matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), checked((int)matrix.RowBytes)), rows[row]);
            }

            return rows;
        }
    }
}
