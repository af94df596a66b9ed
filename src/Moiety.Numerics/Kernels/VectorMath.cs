using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Element-wise operations and sums over vectors of singles, sixteen lanes at a time on every processor, so that a sum has the
/// same order everywhere. Nothing is allocated; output may be one of the inputs.
/// </summary>
public static unsafe class VectorMath
{
    /// <summary>Σ x·y.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Lengths.CheckEqual("Dot", "x", x.Length, "y", y.Length);
        Vector512<float> sum = Vector512<float>.Zero;
        fixed (float* a = x, b = y)
        {
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                sum = Vector512.MultiplyAddEstimate(Vector512.Load(a + i), Vector512.Load(b + i), sum);
            }
            if (i < x.Length)
            {
                sum = Vector512.MultiplyAddEstimate(Tail.Load(a + i, x.Length - i), Tail.Load(b + i, x.Length - i), sum);
            }
        }
        return Lanes512.Sum(sum);
    }

    /// <summary>y += a·x.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Axpy(float a, ReadOnlySpan<float> x, Span<float> y)
    {
        Lengths.CheckEqual("Axpy", "x", x.Length, "y", y.Length);
        Vector512<float> factor = Vector512.Create(a);
        fixed (float* source = x, target = y)
        {
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                Vector512.MultiplyAddEstimate(factor, Vector512.Load(source + i), Vector512.Load(target + i)).Store(target + i);
            }
            for (; i < x.Length; i++)
            {
                target[i] = float.MultiplyAddEstimate(a, source[i], target[i]);
            }
        }
    }

    /// <summary>output = x + y.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> output)
    {
        Lengths.CheckEqual("Add", "x", x.Length, "y", y.Length);
        Lengths.CheckEqual("Add", "x", x.Length, "output", output.Length);
        System.Numerics.Tensors.TensorPrimitives.Add(x, y, output);
    }

    /// <summary>output = a·x.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Scale(float a, ReadOnlySpan<float> x, Span<float> output)
    {
        Lengths.CheckEqual("Scale", "x", x.Length, "output", output.Length);
        System.Numerics.Tensors.TensorPrimitives.Multiply(x, a, output);
    }

    /// <summary>x = min(max(x, low), high), in place.</summary>
    public static void Clamp(float low, float high, Span<float> x) => System.Numerics.Tensors.TensorPrimitives.Clamp(x, low, high, x);

    /// <summary>output = e^x, at most 2 units in the last place from the true value.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Exp(ReadOnlySpan<float> x, Span<float> output)
    {
        Lengths.CheckEqual("Exp", "x", x.Length, "output", output.Length);
        fixed (float* source = x, target = output)
        {
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                Exponential.Exp(Vector512.Load(source + i)).Store(target + i);
            }
            if (i < x.Length)
            {
                Tail.Store(Exponential.Exp(Tail.Load(source + i, x.Length - i)), target + i, x.Length - i);
            }
        }
    }
}
