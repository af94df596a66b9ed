using System.Runtime.InteropServices;
using Moiety.Training.Adapters;
using Moiety.Training.Kernels;
using Moiety.Training.Routing;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>What the layers of one forward pass share: the arithmetic, the drops, and what the routers report.</summary>
internal sealed class ForwardPass(ComputePrecision precision, ExpertCapacity? capacity, ulong seed, bool trackRouterLosses)
{
    private readonly Dictionary<int, int[]> _firstVisible = [];

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
    /// [batch * length]: the position of the sequence at which the document of each position starts, or null where all of a sequence is
    /// visible.
    /// </summary>
    internal int[]? DocumentStarts { get; private set; }

    /// <summary>Share of the run that is done, from 0 to 1, for gates that anneal.</summary>
    internal double Progress { get; init; } = 1;

    /// <summary>Per token, whether it counts for the routers; empty when all do.</summary>
    internal ReadOnlyMemory<bool> UsedTokens { get; init; }

    /// <summary>[batch, length], int64: the token ids, for gates that look at them.</summary>
    internal Tensor? TokenIds { get; set; }

    /// <summary>What is trained in place of the model, which is frozen then; null where the model itself is.</summary>
    internal AdapterModule? Adapter { get; set; }

    /// <summary>Whether the model's own routers learn.</summary>
    internal bool TrainsRouters => TrackRouterLosses && Adapter is null;

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
        int length = (int)tokens.shape[1];
        using Tensor host = tokens.cpu().contiguous();
        ReadOnlySpan<long> ids = MemoryMarshal.Cast<byte, long>(host.bytes);
        int[] starts = new int[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            int position = i % length;
            starts[i] = ids[i] == separator ? position : position == 0 ? 0 : starts[i - 1];
        }

        DocumentStarts = starts;
    }

    /// <summary>[batch * length]: the first position that each position attends to; each sees all from there to itself.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="length">Positions of a sequence.</param>
    /// <param name="window">Most positions that one sees, or 0 for no limit.</param>
    internal int[] FirstVisible(long batch, long length, int window)
    {
        if (!_firstVisible.TryGetValue(window, out int[]? first))
        {
            first = DocumentStarts ?? new int[batch * length];
            if (window > 0)
            {
                first = [.. first.Select((start, i) => Math.Max(start, (int)(i % length) + 1 - window))];
            }

            _firstVisible.Add(window, first);
        }

        return first;
    }

    /// <summary>[batch, 1, length, length]: the same as a mask, or null for plain causal attention.</summary>
    internal Tensor? AttentionMask(long batch, long length, int window, Device device)
    {
        if (DocumentStarts is null && (window == 0 || window >= length))
        {
            return null;
        }

        Tensor first = tensor(FirstVisible(batch, length, window), device: device).view(batch, 1, length, 1);
        Tensor positions = arange(length, dtype: ScalarType.Int32, device: device);
        return positions.ge(first).logical_and(positions.le(positions.unsqueeze(1)));
    }

    /// <summary>A pass of another model over the same batch: the same arithmetic and documents, routing as in an evaluation.</summary>
    internal ForwardPass ForTeacher() => new(precision, capacity: null, seed: 0, trackRouterLosses: false) { IsolatesDocuments = IsolatesDocuments };

    /// <summary>A tensor in the type of the matrix products.</summary>
    internal Tensor Cast(Tensor value) => value.dtype == ComputeType ? value : value.to(ComputeType);

    /// <summary>x W^T, or x W^T + b, with what the adapter adds to the product.</summary>
    internal Tensor Project(Tensor input, Parameter weight, Parameter? bias = null)
    {
        Tensor product = Multiply(input, weight);
        product = Adapter is null ? product : Adapter.AddTo(product, input, weight, this);
        return bias is { } shift ? product.Plus(Cast(shift.Value)) : product;
    }

    private Tensor Multiply(Tensor input, Parameter weight)
    {
        if (weight.Store.Device.UsesKernels)
        {
            return ProductFunction.Apply(input, weight);
        }

        using Tensor transposed = Cast(weight.Value).t();
        return input.mm(transposed);
    }
}
