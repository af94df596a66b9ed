using Moiety.Numerics.Randomness;

namespace Moiety.Decoding.Samplers;

/// <summary>
/// Random numbers by number: <see cref="SplitMix64"/> hashes a counter, so that draw n of a stream is had without the draws before it.
/// </summary>
internal static class CounterRandom
{
    /// <summary>A uniform number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, uint stream, uint step)
    {
        // Two rounds: the first gives each (seed, stream) its own start, the second steps from there.
        ulong start = SplitMix64.Hash(SplitMix64.Hash(seed + SplitMix64.Gamma) + ((stream + 1UL) * SplitMix64.Gamma));
        return (SplitMix64.Hash(start + ((step + 1UL) * SplitMix64.Gamma)) >> 11) * (1.0 / (1UL << 53));
    }
}
