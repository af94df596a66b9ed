using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>Layers of experts that are alike, and how their router chooses.</summary>
public sealed record MixtureLayers
{
    /// <summary>The layers, counted from 0.</summary>
    public required ImmutableArray<int> Layers { get; init; }

    /// <summary>Experts, E.</summary>
    public required int Experts { get; init; }

    /// <summary>Experts that a token visits, k.</summary>
    public required int TopK { get; init; }

    /// <summary>How logits become scores.</summary>
    public required GatingKind Gate { get; init; }

    /// <summary>
    /// Whether the weights of the chosen experts are divided by their sum. With a softmax that is the same as a softmax over the chosen
    /// alone, top-k first.
    /// </summary>
    public required bool Renormalized { get; init; }

    /// <summary>Groups of experts, and how many of them a token's experts may come from; both 1 for none.</summary>
    public required (int Count, int Chosen) Groups { get; init; }

    /// <summary>How groups are ranked; null without groups.</summary>
    public required GroupScore? GroupScore { get; init; }

    /// <summary>Whether the router has a bias that counts in the weights.</summary>
    public required bool RouterBias { get; init; }

    /// <summary>Whether a bias is added for the choice only (balancing free of an auxiliary loss).</summary>
    public required bool SelectionBias { get; init; }

    /// <summary>Factor of the weights.</summary>
    public required float WeightScale { get; init; }

    /// <summary>Inner width of an expert.</summary>
    public required int ExpertWidth { get; init; }

    /// <summary>Whether experts have biases.</summary>
    public required bool ExpertBias { get; init; }

    /// <summary>The non-linearity.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Inner width of the shared experts together; 0 for none.</summary>
    public required int SharedWidth { get; init; }

    /// <summary>Whether a sigmoid weighs the shared experts.</summary>
    public required bool SharedGate { get; init; }

    /// <summary>Inner width of the fixed MLP of a residual MoE; 0 for none.</summary>
    public required int ResidualWidth { get; init; }

    /// <summary>Width of an expert over the hidden size: 4 without a gate, 8/3 with one, is an expert as wide as a usual MLP; fine-grained ones are narrower.</summary>
    public required double RelativeWidth { get; init; }

    /// <summary>Width of the model's dense layers over that of an expert, which fine-grained experts divide; null without dense layers.</summary>
    public required double? FineGrain { get; init; }

    internal static MixtureLayers Of(ImmutableArray<int> layers, FeedForwardConfig layer, int hidden, int denseWidth)
    {
        MoeConfig moe = layer.Moe!;
        bool isGrouped = moe.GroupCount > 1;
        return new MixtureLayers
        {
            Layers = layers,
            Experts = moe.ExpertCount,
            TopK = moe.TopK,
            Gate = moe.Gating,
            Renormalized = moe.NormalizeTopK,
            Groups = (moe.GroupCount, moe.GroupTopK),
            GroupScore = isGrouped ? moe.GroupScore : null,
            RouterBias = moe.RouterBias,
            SelectionBias = moe.SelectionBias,
            WeightScale = moe.WeightScale,
            ExpertWidth = moe.ExpertIntermediateSize,
            ExpertBias = moe.ExpertBias,
            Activation = layer.Activation,
            SharedWidth = moe.SharedIntermediateSize,
            SharedGate = moe.SharedIntermediateSize > 0 && moe.SharedGate,
            ResidualWidth = moe.Residual ? layer.IntermediateSize : 0,
            RelativeWidth = (double)moe.ExpertIntermediateSize / hidden,
            FineGrain = denseWidth > 0 ? (double)denseWidth / moe.ExpertIntermediateSize : null,
        };
    }
}
