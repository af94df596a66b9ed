using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The experts of one layer, what chooses among them, and the branches beside them that every token runs.</summary>
internal sealed class MoeWeights
{
    public required MoeConfig Config { get; init; }

    /// <summary>The non-linearity of every expert.</summary>
    public required Activation Activation { get; init; }

    /// <summary>[experts, hidden]; null under hash routing.</summary>
    public required Matrix? Router { get; init; }

    /// <summary>[vocabulary]: the expert of each token id under hash routing, else empty.</summary>
    public required int[] ExpertTable { get; init; }

    /// <summary>[experts], added to the router's logits, or empty.</summary>
    public required float[] RouterBias { get; init; }

    /// <summary>[experts], added for the choice only, or empty.</summary>
    public required float[] SelectionBias { get; init; }

    /// <summary>One [inner, hidden] per expert; empty when the activation has no gate.</summary>
    public required Matrix[] Gates { get; init; }

    /// <summary>One [inner, hidden] per expert.</summary>
    public required Matrix[] Ups { get; init; }

    /// <summary>One [hidden, inner] per expert.</summary>
    public required Matrix[] Downs { get; init; }

    /// <summary>One [inner] per expert, or empty.</summary>
    public required float[][] GateBiases { get; init; }

    /// <summary>One [inner] per expert, or empty.</summary>
    public required float[][] UpBiases { get; init; }

    /// <summary>One [hidden] per expert, or empty.</summary>
    public required float[][] DownBiases { get; init; }

    /// <summary>The fixed MLP of a residual MoE, or null.</summary>
    public required BranchWeights? Residual { get; init; }

    /// <summary>[2, hidden] of a residual MoE, else null: row 0 weighs the experts, row 1 the fixed MLP.</summary>
    public required Matrix? Coefficient { get; init; }

    /// <summary>[2] of a residual MoE, else empty.</summary>
    public required float[] CoefficientBias { get; init; }

    /// <summary>The shared experts, or null.</summary>
    public required BranchWeights? Shared { get; init; }

    /// <summary>[1, hidden], what a sigmoid turns into the weight of the shared experts; null for a weight of 1.</summary>
    public required Matrix? SharedWeight { get; init; }

    /// <summary>Finds a layer's tensors.</summary>
    public static MoeWeights Read(WeightReader reader, int layer)
    {
        MoeConfig config = reader.Config.FeedForwards[layer].Moe!;
        int hidden = reader.Config.HiddenSize;
        int inner = config.ExpertIntermediateSize;
        bool gated = reader.Config.FeedForwards[layer].Activation.IsGated();
        return new MoeWeights
        {
            Config = config,
            Activation = reader.Config.FeedForwards[layer].Activation,
            Router = config.Gating == GatingKind.Hash ? null : reader.PreciseMatrix(TensorNames.Router(layer), config.ExpertCount, hidden),
            ExpertTable = config.Gating == GatingKind.Hash ? reader.ExpertTable(TensorNames.ExpertTable(layer), config.ExpertCount) : [],
            RouterBias = reader.Vector(config.RouterBias, TensorNames.RouterBias(layer), config.ExpertCount),
            SelectionBias = reader.Vector(config.SelectionBias, TensorNames.SelectionBias(layer), config.ExpertCount),
            Gates = !gated ? [] : Experts(config, expert => reader.Matrix(TensorNames.ExpertGate(layer, expert), inner, hidden)),
            Ups = Experts(config, expert => reader.Matrix(TensorNames.ExpertUp(layer, expert), inner, hidden)),
            Downs = Experts(config, expert => reader.Matrix(TensorNames.ExpertDown(layer, expert), hidden, inner)),
            GateBiases = !gated ? [] : Biases(config, expert => reader.Vector(TensorNames.ExpertGateBias(layer, expert), inner)),
            UpBiases = Biases(config, expert => reader.Vector(TensorNames.ExpertUpBias(layer, expert), inner)),
            DownBiases = Biases(config, expert => reader.Vector(TensorNames.ExpertDownBias(layer, expert), hidden)),
            Residual = config.Residual ? BranchWeights.ReadResidual(reader, layer) : null,
            Coefficient = config.Residual ? reader.PreciseMatrix(TensorNames.Coefficient(layer), 2, hidden) : null,
            CoefficientBias = reader.Vector(config.Residual, TensorNames.CoefficientBias(layer), 2),
            Shared = config.SharedIntermediateSize > 0 ? BranchWeights.ReadShared(reader, layer) : null,
            SharedWeight = config.SharedGate && config.SharedIntermediateSize > 0
                ? reader.PreciseMatrix(TensorNames.SharedWeight(layer), 1, hidden) : null,
        };
    }

    private static T[] Experts<T>(MoeConfig config, Func<int, T> read) => [.. Enumerable.Range(0, config.ExpertCount).Select(read)];

    private static float[][] Biases(MoeConfig config, Func<int, float[]> read) => config.ExpertBias ? Experts(config, read) : [];
}
