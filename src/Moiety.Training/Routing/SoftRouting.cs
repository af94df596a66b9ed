using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>
/// A routing in which the rows of an expert are its slots, each a mixture of all tokens of a sequence, and the output of a token a mixture
/// of all slots (Soft MoE, Puigcerver et al., arXiv 2308.00951). Nothing is dropped, and every expert has the same number of rows.
/// </summary>
/// <param name="dispatch">[batch, length, slots]: the share of each token in each slot; sums to 1 over the tokens.</param>
/// <param name="combine">[batch, length, slots]: the share of each slot in each token; sums to 1 over the slots.</param>
/// <param name="experts">Number of experts; slots / experts neighboring slots are one expert's.</param>
internal sealed class SoftRouting(Tensor dispatch, Tensor combine, int experts) : ExpertRouting
{
    private readonly long _batch = dispatch.shape[0];
    private readonly long _length = dispatch.shape[1];
    private readonly long _slots = dispatch.shape[2];

    /// <inheritdoc/>
    internal override IReadOnlyList<long> RowCounts { get; } = [.. Enumerable.Repeat(dispatch.shape[0] * dispatch.shape[2] / experts, experts)];

    /// <inheritdoc/>
    internal override ExpertRows Gather(Tensor input, int block)
    {
        Tensor tokens = input.to(ScalarType.Float32).view(_batch, _length, -1);
        Tensor mixed = dispatch.transpose(1, 2).bmm(tokens);

        // Every pass has the same shapes, so there is no block to fill up.
        Tensor rows = mixed.view(_batch, experts, _slots / experts, -1).transpose(0, 1).reshape(_batch * _slots, -1);
        return new ExpertRows(rows.to(input.dtype), [.. RowCounts]);
    }

    /// <inheritdoc/>
    internal override Tensor Combine(Tensor outputs, long tokens)
    {
        Tensor slots = outputs.to(ScalarType.Float32).view(experts, _batch, _slots / experts, -1).transpose(0, 1).reshape(_batch, _slots, -1);
        return combine.bmm(slots).view(tokens, -1);
    }
}
