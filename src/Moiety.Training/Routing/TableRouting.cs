using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>
/// A routing in which every row of an expert is one token: dispatch gathers rows by the table, the combination scatters the weighted
/// outputs back. Data movement of as many rows as there are assignments, whatever the number of experts.
/// </summary>
/// <param name="table">The kept assignments.</param>
/// <param name="weights">[kept assignments] in F32, with gradients: the factor of each one's output, in the order of the table.</param>
internal sealed class TableRouting(RoutingTable table, Tensor weights) : ExpertRouting
{
    /// <summary>The kept assignments.</summary>
    internal RoutingTable Table => table;

    /// <summary>The factor of each assignment's output.</summary>
    internal Tensor Weights => weights;

    /// <inheritdoc/>
    internal override IReadOnlyList<long> RowCounts => table.KeptCounts;

    /// <inheritdoc/>
    internal override ExpertRows Gather(Tensor input, int block)
    {
        (long[] rows, long[] counts) = block > 1 ? FillUp(block) : (table.Tokens, table.KeptCounts);
        return new ExpertRows(input.index_select(0, tensor(rows, device: input.device)), counts);
    }

    /// <inheritdoc/>
    internal override Tensor Combine(Tensor outputs, long tokens)
    {
        Tensor combined = zeros(tokens, outputs.shape[1], dtype: ScalarType.Float32, device: outputs.device);
        return combined.PlusAt(tensor(table.Tokens, device: outputs.device), outputs * weights.unsqueeze(1));
    }

    // The rows that fill up repeat the expert's first one.
    private (long[] Rows, long[] Counts) FillUp(int block)
    {
        long[] counts = [.. table.KeptCounts.Select(count => (count + block - 1) / block * block)];
        long[] rows = new long[counts.Sum()];
        int from = 0;
        int to = 0;
        for (int expert = 0; expert < counts.Length; expert++)
        {
            int kept = (int)table.KeptCounts[expert];
            table.Tokens.AsSpan(from, kept).CopyTo(rows.AsSpan(to));
            if (kept > 0)
            {
                rows.AsSpan(to + kept, (int)counts[expert] - kept).Fill(table.Tokens[from]);
            }

            from += kept;
            to += (int)counts[expert];
        }

        return (rows, counts);
    }
}
