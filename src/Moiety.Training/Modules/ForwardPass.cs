using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>What the layers of one forward pass share: the arithmetic, the drops, and what the routers report.</summary>
internal sealed class ForwardPass(ComputePrecision precision, ExpertCapacity? capacity, ulong seed, bool trackRouterLosses)
{
    /// <summary>Type of the matrix products.</summary>
    internal ScalarType ComputeType { get; } = precision == ComputePrecision.BF16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Expert capacity, or null to drop nothing.</summary>
    internal ExpertCapacity? Capacity { get; } = capacity;

    /// <summary>Seed of the random drops of this pass.</summary>
    internal ulong Seed { get; } = seed;

    /// <summary>Whether attention stays within the documents that are packed into one sequence.</summary>
    internal bool IsolatesDocuments { get; init; }

    /// <summary>Whether layers add their router losses.</summary>
    internal bool TrackRouterLosses { get; } = trackRouterLosses;

    /// <summary>
    /// [batch, 1, length, length]: which positions each position attends to, where that is less than all before it; null for plain causal
    /// attention.
    /// </summary>
    internal Tensor? AttentionMask { get; private set; }

    /// <summary>Share of the run that is done, from 0 to 1, for gates that anneal.</summary>
    internal double Progress { get; init; } = 1;

    /// <summary>Per token, whether it counts for the routers; empty when all do.</summary>
    internal ReadOnlyMemory<bool> UsedTokens { get; init; }

    /// <summary>[batch, length], int64: the token ids, for gates that look at them.</summary>
    internal Tensor? TokenIds { get; set; }

    /// <summary>Losses of the routers, layer by layer.</summary>
    internal List<RouterLoss> RouterLosses { get; } = [];

    /// <summary>Router reports, one per MoE layer.</summary>
    internal List<RouterStatistics> Routers { get; } = [];

    /// <summary>
    /// Keeps attention within documents that are packed into one sequence: a position sees those before it back to the nearest
    /// separator, as it will when a text is generated.
    /// </summary>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="separator">The token that starts every document.</param>
    internal void IsolateDocuments(Tensor tokens, long separator)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor document = tokens.IsEqualTo(separator).to(ScalarType.Int32).cumsum(1);
        AttentionMask = document.unsqueeze(1).eq(document.unsqueeze(2)).tril().unsqueeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>A tensor in the type of the matrix products.</summary>
    internal Tensor Cast(Tensor value) => value.dtype == ComputeType ? value : value.to(ComputeType);

    /// <summary>x W^T, or x W^T + b.</summary>
    internal Tensor Project(Tensor input, Parameter weight, Parameter? bias = null)
    {
        using Tensor transposed = Cast(weight.Value).t();
        Tensor product = input.mm(transposed);
        return bias is { } shift ? product.Plus(Cast(shift.Value)) : product;
    }
}
