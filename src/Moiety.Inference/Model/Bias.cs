using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>Adds the bias of a projection to what a worker computed of it.</summary>
internal static unsafe class Bias
{
    /// <summary>Adds a range of a bias to the same range of a row.</summary>
    /// <param name="bias">The whole bias; nothing happens when it is empty.</param>
    /// <param name="columns">The range.</param>
    /// <param name="row">First element of the whole row.</param>
    public static void Add(float[] bias, RowRange columns, float* row)
    {
        if (bias.Length > 0)
        {
            Span<float> values = new(row + columns.Start, columns.Count);
            VectorMath.Add(values, bias.AsSpan(columns.Start, columns.Count), values);
        }
    }
}
