using System.Collections.Immutable;
using Moiety.Models.Adapters;

namespace Moiety.Inference.Plans;

/// <summary>
/// Everything that a method may change about the forward pass of a slice, and what it wants to see of it. All fields are
/// optional and combine; what is absent costs nothing. Immutable: share one plan among slices and steps.
/// </summary>
public sealed record ForwardPlan
{
    /// <summary>
    /// Position of each token of the slice, or default for the index in the sequence (in a tree: the number of
    /// tokens before it plus its depth).
    /// </summary>
    public ImmutableArray<int> PositionIds { get; init; }

    /// <summary>Token type (segment) of each token of the slice, for models that have token types; default for type 0.</summary>
    public ImmutableArray<int> TokenTypeIds { get; init; }

    /// <summary>Which keys the tokens see; in an encoder always <see cref="Visibility.Bidirectional"/>.</summary>
    public Visibility Visibility { get; init; } = Visibility.Causal;

    /// <summary>A low-rank adapter that is applied beside the model's weights, or null for that of the engine's options. Slices of one batch may have different ones.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>Changes of attention scores.</summary>
    public ImmutableArray<AttentionSteering> Steering { get; init; } = [];

    /// <summary>Which layers run, or null for all.</summary>
    public LayerSchedule? Schedule { get; init; }

    /// <summary>Tokens of the slice (ascending) whose logits are wanted, or default for what the slice asks for.</summary>
    public ImmutableArray<int> LogitPositions { get; init; }

    /// <summary>
    /// Depths whose hidden states to return: 0 is the embedding, l the residual stream after l layers, and the number of
    /// layers plus 1 the final norm's output, which the head reads (the residual stream again in a model without that norm).
    /// </summary>
    public ImmutableArray<int> HiddenStates { get; init; } = [];

    /// <summary>Layers whose attention weights to return.</summary>
    public ImmutableArray<int> AttentionMaps { get; init; } = [];

    /// <summary>Mixture-of-Experts layers whose routing to return.</summary>
    public ImmutableArray<int> RouterDecisions { get; init; } = [];

    /// <summary>Those of <see cref="RouterDecisions"/> whose scores of all experts to return too, see <see cref="Steps.RouterDecision.Scores"/>.</summary>
    public ImmutableArray<int> RouterScores { get; init; } = [];

    /// <summary>Those of <see cref="RouterDecisions"/> whose chosen experts' output lengths to return too, see <see cref="Steps.RouterDecision.OutputNorms"/>.</summary>
    public ImmutableArray<int> ExpertOutputNorms { get; init; } = [];
}
