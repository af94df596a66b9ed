using System.Numerics;

namespace Moiety.Training.Randomness;

/// <summary>
/// xoshiro256** (Blackman and Vigna, arXiv 1805.01407), seeded through SplitMix64: the same numbers on every machine
/// and runtime. A generator is derived from the seed and from what it is for, so there is no state to save: resuming at a
/// step derives the same generators again.
/// </summary>
internal struct Xoshiro256
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>A generator for one purpose: every combination of the arguments has its own stream.</summary>
    internal Xoshiro256(ulong seed, ulong purpose, ulong index = 0, ulong subindex = 0)
    {
        ulong state = Mix(Mix(Mix(seed) ^ purpose) ^ index) ^ subindex;
        _s0 = Next(ref state);
        _s1 = Next(ref state);
        _s2 = Next(ref state);
        _s3 = Next(ref state);
    }

    /// <summary>64 random bits.</summary>
    internal ulong NextUInt64()
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
    internal double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, bound), without bias (Lemire, arXiv 1805.10941).</summary>
    internal int NextInt32(int bound)
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
    internal void FillNormal(Span<float> values, double standardDeviation)
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

    private static ulong Next(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    private static ulong Mix(ulong value) => Next(ref value);
}
