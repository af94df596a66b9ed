using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The experts of one layer and what chooses among them.</summary>
internal sealed class MoeWeights
{
    public required MoeConfig Config { get; init; }

    /// <summary>[experts, hidden].</summary>
    public required Matrix Router { get; init; }

    /// <summary>One [inner, hidden] per expert.</summary>
    public required Matrix[] Gates { get; init; }

    /// <summary>One [inner, hidden] per expert.</summary>
    public required Matrix[] Ups { get; init; }

    /// <summary>One [hidden, inner] per expert.</summary>
    public required Matrix[] Downs { get; init; }

    /// <summary>[2, hidden] of a residual MoE, else null: row 0 weighs the experts, row 1 the fixed MLP.</summary>
    public Matrix? Coefficient { get; init; }

    /// <summary>[2] of a residual MoE, else empty.</summary>
    public float[] CoefficientBias { get; init; } = [];
}
