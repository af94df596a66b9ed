using System.Collections.Immutable;

namespace Moiety.Models.Experts;

/// <summary>How a dense model becomes a Mixture-of-Experts.</summary>
public sealed record UpcycleOptions
{
    /// <summary>Copies of the dense MLP in each upcycled layer: experts, if these are not split.</summary>
    public int ExpertCount { get; init; } = 8;

    /// <summary>Copies that each token visits.</summary>
    public int TopK { get; init; } = 2;

    /// <summary>
    /// Slices into which each copy is cut, g (fine-grained experts): the layer has g times as many experts of which a token visits g times
    /// as many, each a g-th as wide, and down projections are multiplied by g.
    /// </summary>
    public int SplitFactor { get; init; } = 1;

    /// <summary>
    /// Whether all slices of a copy begin with the same row of the router (virtual groups, arXiv 2410.07524). Then the best experts of a
    /// token are whole copies, every slice as often as any other, and the model computes what the dense one does. Otherwise each slice has
    /// a row of its own, and it does not.
    /// </summary>
    public bool VirtualGroups { get; init; } = true;

    /// <summary>Whether a copy of the dense MLP also becomes a shared expert, which every token visits; it and the others count half.</summary>
    public bool Shared { get; init; }

    /// <summary>Layers that get experts, or default for all.</summary>
    public ImmutableArray<int> Layers { get; init; }

    /// <summary>Whether the dense MLP also stays as a fixed MLP beside the experts (residual MoE).</summary>
    public bool Residual { get; init; }

    /// <summary>
    /// Whether the weights of the chosen experts are divided by their sum; null for yes, but not with one expert per token, where the
    /// router would get no gradient. Without it the experts' output is scaled by experts / top-k, which makes up for what the weights
    /// lack of 1 while the router is still undecided.
    /// </summary>
    public bool? Normalize { get; init; }

    /// <summary>Standard deviation of the noise on the experts' weights, relative to the root mean square of their matrix; 0 for exact copies.</summary>
    public double Noise { get; init; }

    /// <summary>Standard deviation of the new routers' weights.</summary>
    public double RouterDeviation { get; init; } = 0.01;

    /// <summary>Seed of routers and noise.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Whether the chosen weights are divided by their sum.</summary>
    internal bool Normalizes => Normalize ?? TopK * SplitFactor > 1;
}
