using Moiety.Inference.Adapters;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;

namespace Moiety.Inference.Model;

/// <summary>A slice as the layers see it.</summary>
internal readonly struct SliceState
{
    /// <summary>The sequence, with pages for the slice's tokens reserved.</summary>
    public required KvCache Cache { get; init; }

    /// <summary>Tokens of the sequence before the slice.</summary>
    public required int Cached { get; init; }

    /// <summary>The slice's first token among the batch's.</summary>
    public required int Start { get; init; }

    /// <summary>Tokens of the slice.</summary>
    public required int Count { get; init; }

    /// <summary>What differs from a plain causal pass, or null.</summary>
    public required ForwardPlan? Plan { get; init; }

    /// <summary>The adapter of the plan, or null.</summary>
    public required BoundAdapter? Adapter { get; init; }

    /// <summary>Which keys its tokens see.</summary>
    public required KeyVisibility Visibility { get; init; }
}
