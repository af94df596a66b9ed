using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>A model with some of another's experts: these are views, routers lose rows, and outputs may be scaled.</summary>
internal sealed class PrunedCheckpoint(Checkpoint source, PruningPlan plan, IReadOnlyDictionary<int, ImmutableArray<double>>? scales) : DerivedCheckpoint(source, plan.Config)
{
    /// <inheritdoc/>
    protected override TensorSpec? Unchanged(TensorSpec tensor)
    {
        if (tensor.Expert >= 0)
        {
            return ScaleOf(tensor) == 1 ? Model(tensor) : null;
        }

        bool isRouter = tensor.Role is TensorRole.Router or TensorRole.RouterBias or TensorRole.SelectionBias;
        return isRouter && plan.Kept[tensor.Layer].Length != Source.Config.FeedForwards[tensor.Layer].Moe!.ExpertCount ? null : Model(tensor);
    }

    /// <inheritdoc/>
    protected override TensorSpec Model(TensorSpec tensor) => SourceOf(tensor, tensor.Expert < 0 ? -1 : plan.Kept[tensor.Layer][tensor.Expert]);

    /// <inheritdoc/>
    protected override void Compute(TensorSpec tensor, Span<float> values)
    {
        float[] whole = Read(Model(tensor));
        if (tensor.Expert >= 0)
        {
            double scale = ScaleOf(tensor);
            for (int index = 0; index < values.Length; index++)
            {
                values[index] = (float)(whole[index] * scale);
            }

            return;
        }

        // Rows of the router, elements of its biases.
        ImmutableArray<int> kept = plan.Kept[tensor.Layer];
        int width = values.Length / kept.Length;
        for (int expert = 0; expert < kept.Length; expert++)
        {
            whole.AsSpan(kept[expert] * width, width).CopyTo(values[(expert * width)..]);
        }
    }

    private double ScaleOf(TensorSpec tensor) =>
        tensor.Role is TensorRole.ExpertDown or TensorRole.ExpertDownBias && scales is not null && scales.TryGetValue(tensor.Layer, out ImmutableArray<double> layer) ? layer[tensor.Expert] : 1;
}
