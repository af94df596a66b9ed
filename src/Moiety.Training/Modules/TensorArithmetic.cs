using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// Arithmetic with numbers that stay alive. TorchSharp turns a number (also the hidden factor 1 of <c>a + b</c>) into a native
/// scalar whose finalizer frees it, and hands libtorch its address alone: a garbage collection that another thread causes in
/// the middle of the call frees it under libtorch's hands. Whoever adds tensors, or gives libtorch a number, does it here.
/// </summary>
internal static class TensorArithmetic
{
    private static readonly Scalar One = 1;

    /// <summary>left + right.</summary>
    internal static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);

    /// <summary>left + right.</summary>
    internal static Tensor Plus(this Tensor left, double right)
    {
        using Scalar scalar = right;
        return left.add(scalar);
    }

    /// <summary>target += value.</summary>
    internal static void Accumulate(this Tensor target, Tensor value) => target.add_(value, One);

    /// <summary>tensor * factor.</summary>
    internal static Tensor Times(this Tensor tensor, double factor)
    {
        using Scalar scalar = factor;
        return tensor.mul(scalar);
    }

    /// <summary>A copy of the target whose rows (or elements) at the indices have the source's added.</summary>
    internal static Tensor PlusAt(this Tensor target, Tensor indices, Tensor source) => target.index_add(0, indices, source, One);

    /// <summary>max(tensor, floor).</summary>
    internal static Tensor AtLeast(this Tensor tensor, double floor)
    {
        using Scalar scalar = floor;
        return tensor.clamp_min(scalar);
    }

    /// <summary>min(tensor, ceiling).</summary>
    internal static Tensor AtMost(this Tensor tensor, double ceiling)
    {
        using Scalar scalar = ceiling;
        return tensor.clamp_max(scalar);
    }

    /// <summary>Whether each element is the value.</summary>
    internal static Tensor IsEqualTo(this Tensor tensor, long value)
    {
        using Scalar scalar = value;
        return tensor.eq(scalar);
    }
}
