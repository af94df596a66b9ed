using System.Numerics;

namespace Moiety.Numerics.Randomness;

/// <summary>
/// xoshiro256** (Blackman and Vigna, arXiv 1805.01407), seeded through <see cref="SplitMix64"/>: the same numbers on every
/// machine and runtime. A mutable struct: pass it by reference.
/// </summary>
public struct Xoshiro256
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>A generator from a seed.</summary>
    public Xoshiro256(ulong seed)
    {
        SplitMix64 state = new(seed);
        _s0 = state.Next();
        _s1 = state.Next();
        _s2 = state.Next();
        _s3 = state.Next();
    }

    /// <summary>
    /// A generator for one purpose: every combination of the arguments has its own stream, so there is no state to save; who
    /// resumes at a step derives the same generator again.
    /// </summary>
    public Xoshiro256(ulong seed, ulong purpose, ulong index = 0, ulong subindex = 0)
        : this(Mix(Mix(Mix(seed) ^ purpose) ^ index) ^ subindex)
    {
    }

    /// <summary>A generator in a given state, for comparison with published outputs.</summary>
    internal static Xoshiro256 InState(ulong s0, ulong s1, ulong s2, ulong s3) => new() { _s0 = s0, _s1 = s1, _s2 = s2, _s3 = s3 };

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, bound), without bias (Lemire, arXiv 1805.10941).</summary>
    public int NextInt32(int bound)
    {
        ulong product = (NextUInt64() >> 32) * (ulong)bound;
        uint low = (uint)product;
        if (low < (uint)bound)
        {
            uint threshold = (uint)(-bound) % (uint)bound;
            while (low < threshold)
            {
                product = (NextUInt64() >> 32) * (ulong)bound;
                low = (uint)product;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Fills with normally distributed numbers of mean 0 (Box and Muller, in pairs).</summary>
    public void FillNormal(Span<float> values, double standardDeviation)
    {
        for (int i = 0; i < values.Length; i += 2)
        {
            double radius = standardDeviation * Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
            (double sine, double cosine) = Math.SinCos(2 * Math.PI * NextDouble());
            values[i] = (float)(radius * cosine);
            if (i + 1 < values.Length)
            {
                values[i + 1] = (float)(radius * sine);
            }
        }
    }

    private static ulong Mix(ulong value) => SplitMix64.Hash(value + SplitMix64.Gamma);
}
