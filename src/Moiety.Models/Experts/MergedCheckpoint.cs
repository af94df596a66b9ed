using System.Collections.Immutable;
using System.Numerics.Tensors;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>A model whose experts are averages of another's.</summary>
internal sealed class MergedCheckpoint(Checkpoint source, MergePlan plan, MergeOptions options) : DerivedCheckpoint(source, plan.Config)
{
    private readonly Dictionary<(int Layer, int Expert), int[]> _orders = [];

    /// <inheritdoc/>
    protected override TensorSpec? Unchanged(TensorSpec tensor)
    {
        bool isRouter = tensor.Role is TensorRole.Router or TensorRole.RouterBias or TensorRole.SelectionBias;
        return (tensor.Expert >= 0 && Members(tensor).Length > 1) || (isRouter && plan.Groups[tensor.Layer].Any(group => group.Length > 1)) ? null : Model(tensor);
    }

    /// <inheritdoc/>
    protected override TensorSpec Model(TensorSpec tensor) => SourceOf(tensor, tensor.Expert < 0 ? -1 : Dominant(tensor.Layer, Members(tensor)));

    /// <inheritdoc/>
    protected override void Compute(TensorSpec tensor, Span<float> values)
    {
        double[] sums = new double[values.Length];
        if (tensor.Expert >= 0)
        {
            foreach (int expert in Members(tensor))
            {
                Add(sums, 0, Ordered(tensor, expert), plan.Shares[tensor.Layer][expert]);
            }
        }
        else
        {
            AverageRouter(tensor, sums);
        }

        for (int index = 0; index < sums.Length; index++)
        {
            values[index] = (float)sums[index];
        }
    }

    // Rows of the router, or elements of its biases.
    private void AverageRouter(TensorSpec tensor, double[] sums)
    {
        ImmutableArray<ImmutableArray<int>> groups = plan.Groups[tensor.Layer];
        ImmutableArray<double> shares = plan.Shares[tensor.Layer];
        int width = sums.Length / groups.Length;
        float[] rows = Read(Model(tensor));
        for (int group = 0; group < groups.Length; group++)
        {
            if (options.DominantRow)
            {
                Add(sums, group * width, rows.AsSpan(Dominant(tensor.Layer, groups[group]) * width, width), 1);
                continue;
            }

            foreach (int expert in groups[group])
            {
                Add(sums, group * width, rows.AsSpan(expert * width, width), shares[expert]);
            }

            if (tensor.Role == TensorRole.RouterBias)
            {
                sums[group] -= groups[group].Sum(expert => shares[expert] > 0 ? shares[expert] * Math.Log(shares[expert]) : 0);
            }
        }
    }

    private ImmutableArray<int> Members(TensorSpec tensor) => plan.Groups[tensor.Layer][tensor.Expert];

    private int Dominant(int layer, ImmutableArray<int> members) => members.MaxBy(expert => plan.Shares[layer][expert]);

    /// <summary>An expert's tensor with its inner units in the order of the group's most used expert.</summary>
    private float[] Ordered(TensorSpec tensor, int expert)
    {
        float[] values = Read(SourceOf(tensor, expert));
        int dominant = Dominant(tensor.Layer, Members(tensor));
        if (!options.Align || expert == dominant || tensor.Role == TensorRole.ExpertDownBias)
        {
            return values;
        }

        int[] order = OrderOf(tensor.Layer, expert, dominant);
        float[] ordered = new float[values.Length];
        bool isColumns = tensor.Role == TensorRole.ExpertDown;
        int width = values.Length / order.Length;
        for (int unit = 0; unit < order.Length; unit++)
        {
            for (int index = 0; index < width; index++)
            {
                (int to, int from) = isColumns ? ((index * order.Length) + unit, (index * order.Length) + order[unit]) : ((unit * width) + index, (order[unit] * width) + index);
                ordered[to] = values[from];
            }
        }

        return ordered;
    }

    /// <summary>[unit of the dominant expert]: the unit that is most like it, by the products of all their weights.</summary>
    private int[] OrderOf(int layer, int expert, int dominant)
    {
        if (_orders.TryGetValue((layer, expert), out int[]? known))
        {
            return known;
        }

        FeedForwardConfig feedForward = Source.Config.FeedForwards[layer];
        int count = feedForward.Moe!.ExpertIntermediateSize;
        float[] likeness = new float[checked(count * count)];
        foreach (TensorRole role in feedForward.Activation.IsGated() ? (TensorRole[])[TensorRole.ExpertGate, TensorRole.ExpertUp, TensorRole.ExpertDown] : [TensorRole.ExpertUp, TensorRole.ExpertDown])
        {
            float[] one = Units(SourceOf(role, layer, dominant));
            float[] other = Units(SourceOf(role, layer, expert));
            int width = one.Length / count;
            for (int row = 0; row < count; row++)
            {
                ReadOnlySpan<float> unit = one.AsSpan(row * width, width);
                for (int column = 0; column < count; column++)
                {
                    likeness[(row * count) + column] += TensorPrimitives.Dot(unit, other.AsSpan(column * width, width));
                }
            }
        }

        int[] order = UnitAssignment.Maximize(likeness, count);
        _orders.Add((layer, expert), order);
        return order;
    }

    /// <summary>A tensor with a unit per row.</summary>
    private float[] Units(TensorSpec tensor)
    {
        float[] values = Read(tensor);
        if (tensor.Role != TensorRole.ExpertDown)
        {
            return values;
        }

        float[] turned = new float[values.Length];
        for (int row = 0; row < tensor.Rows; row++)
        {
            for (int column = 0; column < tensor.Columns; column++)
            {
                turned[(column * tensor.Rows) + row] = values[(row * tensor.Columns) + column];
            }
        }

        return turned;
    }

    private static void Add(double[] sums, int start, ReadOnlySpan<float> values, double share)
    {
        for (int index = 0; index < values.Length; index++)
        {
            sums[start + index] += share * values[index];
        }
    }
}
