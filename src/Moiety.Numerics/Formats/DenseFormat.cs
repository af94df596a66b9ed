using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Formats;

/// <summary>What the formats that store every element by itself have in common.</summary>
/// <typeparam name="TElement">Reads elements.</typeparam>
internal abstract unsafe class DenseFormat<TElement> : StorageFormat
    where TElement : struct, IDenseElement, IRowReader
{
    public sealed override int BlockLength => 1;

    public sealed override int BlockBytes => TElement.Bytes;

    public sealed override ActivationForms Activations => ActivationForms.Single;

    internal sealed override void Multiply(in ProductTask task) => DenseProduct.Multiply<TElement>(task);

    internal sealed override void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores) =>
        AttentionKernels.Scores<TElement>(query, rows, stride, count, dimension, scale, scores);

    internal sealed override void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output) =>
        AttentionKernels.Accumulate<TElement>(weights, rows, stride, count, dimension, output);
}
