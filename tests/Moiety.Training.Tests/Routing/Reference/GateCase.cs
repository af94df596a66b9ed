using Moiety.Models.Configuration;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing.Reference;

/// <summary>One routing: the layer, the gate and its options, the router's logits, and what the pass knows.</summary>
internal sealed record GateCase
{
    internal required MoeConfig Moe { get; init; }

    internal required GateOptions Gate { get; init; }

    /// <summary>[tokens][experts]. They are the rows as well: the router is the identity.</summary>
    internal required float[][] Logits { get; init; }

    /// <summary>[experts], or empty.</summary>
    internal float[] Bias { get; init; } = [];

    /// <summary>[experts][experts]: the noise matrix of noisy top-k.</summary>
    internal float[][] Noise { get; init; } = [];

    internal ExpertCapacity? Capacity { get; init; }

    internal bool IsTraining { get; init; }

    internal bool[] Used { get; init; } = [];

    internal ulong Seed { get; init; }

    internal const int Layer = 3;

    /// <summary>Tokens of a sequence.</summary>
    internal int Length { get; init; } = 1;

    internal bool Counts(int token) => Used.Length == 0 || Used[token];
}
