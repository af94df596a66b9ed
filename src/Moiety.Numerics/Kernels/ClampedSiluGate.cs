using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>The gate of GPT-OSS (arXiv 2508.10925): SwiGLU with a steeper sigmoid, clamped inputs and a shifted up projection.</summary>
public static unsafe class ClampedSiluGate
{
    private const float Limit = 7;
    private const float Slope = 1.702f;

    /// <summary>output = g · σ(1.702·g) · (u + 1) with g = min(gate, 7) and u = up clamped to [−7, 7].</summary>
    /// <param name="gate">Gate projection, [n].</param>
    /// <param name="up">Up projection, [n].</param>
    /// <param name="output">Output, [n]; may be either input.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output)
    {
        Lengths.CheckEqual("ClampedSiluGate", "gate", gate.Length, "up", up.Length);
        Lengths.CheckEqual("ClampedSiluGate", "gate", gate.Length, "output", output.Length);
        fixed (float* gates = gate, ups = up, target = output)
        {
            int i = 0;
            for (; i <= gate.Length - 16; i += 16)
            {
                Of(Vector512.Load(gates + i), Vector512.Load(ups + i)).Store(target + i);
            }
            if (i < gate.Length)
            {
                int rest = gate.Length - i;
                Tail.Store(Of(Tail.Load(gates + i, rest), Tail.Load(ups + i, rest)), target + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Of(Vector512<float> gate, Vector512<float> up)
    {
        Vector512<float> one = Vector512<float>.One;
        Vector512<float> g = Vector512.Min(gate, Vector512.Create(Limit));
        Vector512<float> u = Vector512.Min(Vector512.Max(up, Vector512.Create(-Limit)), Vector512.Create(Limit));
        return g / (one + Exponential.Exp(g * Vector512.Create(-Slope))) * (u + one);
    }
}
