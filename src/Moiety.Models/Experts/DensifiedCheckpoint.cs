using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>
/// A dense model of one with experts. The inner units of an MLP are, in this order, those of the one expert that is left, of the fixed MLP
/// and of the shared experts; the factors of their outputs are in the down projection.
/// </summary>
internal sealed class DensifiedCheckpoint(Checkpoint source, ModelConfig config, IReadOnlyDictionary<int, DenseLayer> layers) : DerivedCheckpoint(source, config)
{
    /// <inheritdoc/>
    protected override TensorSpec? Unchanged(TensorSpec tensor) => IsJoined(tensor) ? null : Model(tensor);

    /// <inheritdoc/>
    protected override TensorSpec Model(TensorSpec tensor) => IsJoined(tensor) ? SourceOf(RolesOf(tensor.Role)[0], tensor.Layer, 0) : SourceOf(tensor, tensor.Expert);

    /// <inheritdoc/>
    protected override void Compute(TensorSpec tensor, Span<float> values)
    {
        MoeConfig moe = Source.Config.FeedForwards[tensor.Layer].Moe!;
        DenseLayer layer = layers[tensor.Layer];
        TensorRole[] roles = RolesOf(tensor.Role);
        bool isDown = tensor.Role is TensorRole.Down or TensorRole.DownBias;
        Place(tensor, values, 0, moe.ExpertIntermediateSize, Average(roles[0], tensor.Layer, layer), isDown ? layer.ExpertScale : 1);
        int start = moe.ExpertIntermediateSize;
        if (moe.Residual && !tensor.IsVector)
        {
            int width = Source.Config.FeedForwards[tensor.Layer].IntermediateSize;
            Place(tensor, values, start, width, Read(SourceOf(roles[1], tensor.Layer)), isDown ? layer.BranchScale : 1);
            start += width;
        }

        if (moe.SharedIntermediateSize > 0 && !tensor.IsVector)
        {
            Place(tensor, values, start, moe.SharedIntermediateSize, Read(SourceOf(roles[2], tensor.Layer)), isDown ? layer.BranchScale : 1);
        }
    }

    private bool IsJoined(TensorSpec tensor) => tensor.Layer >= 0 && Source.Config.FeedForwards[tensor.Layer].Moe is not null
        && tensor.Role is TensorRole.Gate or TensorRole.Up or TensorRole.Down or TensorRole.GateBias or TensorRole.UpBias or TensorRole.DownBias;

    private static TensorRole[] RolesOf(TensorRole role) => role switch
    {
        TensorRole.Gate => [TensorRole.ExpertGate, TensorRole.ResidualGate, TensorRole.SharedGate],
        TensorRole.Up => [TensorRole.ExpertUp, TensorRole.ResidualUp, TensorRole.SharedUp],
        TensorRole.Down => [TensorRole.ExpertDown, TensorRole.ResidualDown, TensorRole.SharedDown],
        TensorRole.GateBias => [TensorRole.ExpertGateBias],
        TensorRole.UpBias => [TensorRole.ExpertUpBias],
        _ => [TensorRole.ExpertDownBias],
    };

    private float[] Average(TensorRole role, int layer, DenseLayer dense)
    {
        double[]? sums = null;
        for (int expert = 0; expert < dense.Shares.Length; expert++)
        {
            if (dense.Shares[expert] == 0)
            {
                continue;
            }

            float[] values = Read(SourceOf(role, layer, expert));
            sums ??= new double[values.Length];
            for (int index = 0; index < values.Length; index++)
            {
                sums[index] += dense.Shares[expert] * values[index];
            }
        }

        return [.. (sums ?? throw new InvalidInputException($"layer {layer}: no expert has a share.")).Select(sum => (float)sum)];
    }

    /// <summary>Puts units where they belong: rows of gate and up projections and their biases, columns of down projections. A bias of the output is no unit's.</summary>
    private static void Place(TensorSpec tensor, Span<float> values, int start, int units, ReadOnlySpan<float> part, double scale)
    {
        bool isColumns = tensor.Role == TensorRole.Down;
        int width = part.Length / units;
        for (int index = 0; index < part.Length; index++)
        {
            int to = tensor.Role == TensorRole.DownBias ? index
                : isColumns ? (index / units * tensor.Columns) + start + (index % units)
                : (start * width) + index;
            values[to] = (float)(part[index] * scale);
        }
    }
}
