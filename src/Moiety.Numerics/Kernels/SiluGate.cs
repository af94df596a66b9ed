using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>The gate of SwiGLU (Shazeer, arXiv 2002.05202).</summary>
public static unsafe class SiluGate
{
    /// <summary>output = silu(gate) · up, silu(z) = z / (1 + e^−z).</summary>
    /// <param name="gate">Gate projection, [n].</param>
    /// <param name="up">Up projection, [n].</param>
    /// <param name="output">Output, [n]; may be either input.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output)
    {
        Lengths.CheckEqual("SiluGate", "gate", gate.Length, "up", up.Length);
        Lengths.CheckEqual("SiluGate", "gate", gate.Length, "output", output.Length);
        fixed (float* gates = gate, ups = up, target = output)
        {
            int i = 0;
            for (; i <= gate.Length - 16; i += 16)
            {
                (Silu(Vector512.Load(gates + i)) * Vector512.Load(ups + i)).Store(target + i);
            }
            if (i < gate.Length)
            {
                int rest = gate.Length - i;
                Tail.Store(Silu(Tail.Load(gates + i, rest)) * Tail.Load(ups + i, rest), target + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Silu(Vector512<float> z) => z / (Vector512<float>.One + Exponential.Exp(-z));
}
