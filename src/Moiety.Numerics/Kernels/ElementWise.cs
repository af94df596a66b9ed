using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Applies a function to all elements of a vector; one loop for all functions, compiled for each.</summary>
internal static unsafe class ElementWise
{
    /// <summary>output = f(x); output may be x.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply<TFunction>(ReadOnlySpan<float> x, Span<float> output)
        where TFunction : struct, ILaneFunction
    {
        Lengths.CheckEqual(typeof(TFunction).Name, "x", x.Length, "output", output.Length);
        fixed (float* source = x, target = output)
        {
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                TFunction.Of(Vector512.Load(source + i)).Store(target + i);
            }
            if (i < x.Length)
            {
                Tail.Store(TFunction.Of(Tail.Load(source + i, x.Length - i)), target + i, x.Length - i);
            }
        }
    }

    /// <summary>output = f(gate) · up; output may be either input.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Gate<TFunction>(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output)
        where TFunction : struct, ILaneFunction
    {
        Lengths.CheckEqual(typeof(TFunction).Name, "gate", gate.Length, "up", up.Length);
        Lengths.CheckEqual(typeof(TFunction).Name, "gate", gate.Length, "output", output.Length);
        fixed (float* gates = gate, ups = up, target = output)
        {
            int i = 0;
            for (; i <= gate.Length - 16; i += 16)
            {
                (TFunction.Of(Vector512.Load(gates + i)) * Vector512.Load(ups + i)).Store(target + i);
            }
            if (i < gate.Length)
            {
                int rest = gate.Length - i;
                Tail.Store(TFunction.Of(Tail.Load(gates + i, rest)) * Tail.Load(ups + i, rest), target + i, rest);
            }
        }
    }
}
