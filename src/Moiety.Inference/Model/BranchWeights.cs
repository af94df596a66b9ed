using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>
/// The projections of one multi-layer perceptron that every token runs: a dense feed-forward, the fixed MLP of a residual MoE, the
/// shared experts.
/// </summary>
internal sealed class BranchWeights
{
    /// <summary>The non-linearity between the projections.</summary>
    public required Activation Activation { get; init; }

    /// <summary>[inner, hidden]; null when the activation has no gate.</summary>
    public required Matrix? Gate { get; init; }

    /// <summary>[inner, hidden].</summary>
    public required Matrix Up { get; init; }

    /// <summary>[hidden, inner].</summary>
    public required Matrix Down { get; init; }

    /// <summary>[inner], or empty.</summary>
    public float[] GateBias { get; init; } = [];

    /// <summary>[inner], or empty.</summary>
    public float[] UpBias { get; init; } = [];

    /// <summary>[hidden], or empty.</summary>
    public float[] DownBias { get; init; } = [];

    /// <summary>Finds the tensors of a dense layer.</summary>
    public static BranchWeights ReadDense(WeightReader reader, int layer)
    {
        FeedForwardConfig config = reader.Config.FeedForwards[layer];
        int hidden = reader.Config.HiddenSize;
        int inner = config.IntermediateSize;
        bool gated = config.Activation.IsGated();
        return new BranchWeights
        {
            Activation = config.Activation,
            Gate = gated ? reader.Matrix(TensorNames.Gate(layer), inner, hidden) : null,
            Up = reader.Matrix(TensorNames.Up(layer), inner, hidden),
            Down = reader.Matrix(TensorNames.Down(layer), hidden, inner),
            GateBias = reader.Vector(gated && config.Bias, TensorNames.GateBias(layer), inner),
            UpBias = reader.Vector(config.Bias, TensorNames.UpBias(layer), inner),
            DownBias = reader.Vector(config.Bias, TensorNames.DownBias(layer), hidden),
        };
    }

    /// <summary>Finds the tensors of the fixed MLP of a residual MoE.</summary>
    public static BranchWeights ReadResidual(WeightReader reader, int layer) => ReadFixed(
        reader, layer, reader.Config.FeedForwards[layer].IntermediateSize,
        TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer));

    /// <summary>Finds the tensors of the shared experts.</summary>
    public static BranchWeights ReadShared(WeightReader reader, int layer) => ReadFixed(
        reader, layer, reader.Config.FeedForwards[layer].Moe!.SharedIntermediateSize,
        TensorNames.SharedGate(layer), TensorNames.SharedUp(layer), TensorNames.SharedDown(layer));

    private static BranchWeights ReadFixed(WeightReader reader, int layer, int inner, string gate, string up, string down) => new()
    {
        Activation = reader.Config.FeedForwards[layer].Activation,
        Gate = reader.Config.FeedForwards[layer].Activation.IsGated() ? reader.Matrix(gate, inner, reader.Config.HiddenSize) : null,
        Up = reader.Matrix(up, inner, reader.Config.HiddenSize),
        Down = reader.Matrix(down, reader.Config.HiddenSize, inner),
    };
}
