using System.Collections.Immutable;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// The mean output of every expert over all tokens of a text, whoever they were sent to, by which HC-SMoE (arXiv 2410.08589) tells which
/// experts are alike. A layer is run with all of its experts for every token; the down projection is linear, so the mean of what it reads
/// is enough.
/// </summary>
public static class ExpertOutputs
{
    /// <summary>Measures every layer with experts; one pass over the text for each.</summary>
    /// <param name="model">The model.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="options">How to use the machine.</param>
    /// <param name="progress">Told each layer as it is done.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>[layer][expert]: the mean output, [hidden]; 0 under hash routing, whose experts cannot be merged.</returns>
    /// <exception cref="InvalidInputException">The model carries no tokenizer, is dense, or the texts hold no token.</exception>
    public static ImmutableSortedDictionary<int, ImmutableArray<float[]>> Measure(
        Checkpoint model, IReadOnlyList<string> texts, EngineOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(texts);
        Tokenizer tokenizer = model.Tokenizer ?? throw new InvalidInputException($"{model.Path}: the model carries no tokenizer, so no text can be read with it.");
        ImmutableSortedDictionary<int, ImmutableArray<float[]>>.Builder outputs = ImmutableSortedDictionary.CreateBuilder<int, ImmutableArray<float[]>>();
        for (int layer = 0; layer < model.Config.LayerCount; layer++)
        {
            if (model.Config.FeedForwards[layer].Moe is { Gating: GatingKind.Hash } hashed)
            {
                outputs.Add(layer, [.. Enumerable.Repeat(new float[1], hashed.ExpertCount)]);
            }
            else if (model.Config.FeedForwards[layer].Moe is { } moe)
            {
                outputs.Add(layer, MeasureLayer(model, tokenizer, texts, layer, moe, options ?? new EngineOptions(), cancellationToken));
                progress?.Report(layer);
            }
        }

        return outputs.ToImmutable();
    }

    private static ImmutableArray<float[]> MeasureLayer(
        Checkpoint model, Tokenizer tokenizer, IReadOnlyList<string> texts, int layer, MoeConfig moe, EngineOptions options, CancellationToken cancellationToken)
    {
        double[][] sums = [.. Enumerable.Range(0, moe.ExpertCount).Select(_ => new double[moe.ExpertIntermediateSize])];
        Dictionary<Matrix, int> experts = new(ReferenceEqualityComparer.Instance);
        for (int expert = 0; expert < moe.ExpertCount; expert++)
        {
            experts.Add(model.GetTensor(TensorNames.ExpertDown(layer, expert)), expert);
        }

        using AllExpertsCheckpoint everywhere = new(model, layer);
        using Engine engine = Engine.Open(everywhere, options with
        {
            ProductInputs = (weights, input) =>
            {
                if (experts.TryGetValue(weights, out int expert))
                {
                    for (int index = 0; index < input.Length; index++)
                    {
                        sums[expert][index] += input[index];
                    }
                }
            },
        });
        RouteReader reader = new(engine, tokenizer);
        long tokens = texts.Sum(text => (long)reader.Read(text, (_, _, _, _) => { }, cancellationToken));
        return tokens > 0
            ? [.. sums.Select((sum, expert) => Project(model, layer, expert, moe, [.. sum.Select(value => value / tokens)]))]
            : throw new InvalidInputException("the text is empty: there is no token to read.");
    }

    private static unsafe float[] Project(Checkpoint model, int layer, int expert, MoeConfig moe, double[] mean)
    {
        Matrix down = model.GetTensor(TensorNames.ExpertDown(layer, expert));
        float[] output = moe.ExpertBias ? Row(model.GetTensor(TensorNames.ExpertDownBias(layer, expert)), 0) : new float[down.Rows];
        for (int row = 0; row < down.Rows; row++)
        {
            output[row] += (float)Row(down, row).Zip(mean, (weight, value) => weight * value).Sum();
        }

        return output;
    }

    private static unsafe float[] Row(Matrix matrix, int row)
    {
        float[] values = new float[matrix.Columns];
        matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), checked((int)matrix.RowBytes)), values);
        return values;
    }
}
