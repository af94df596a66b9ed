namespace Moiety.Decoding.Samplers;

/// <summary>
/// Random numbers by number: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) hashes a counter,
/// so that draw n of a stream is had without the draws before it.
/// </summary>
internal static class CounterRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    /// <summary>A uniform number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, uint stream, uint step)
    {
        // Two rounds: the first gives each (seed, stream) its own start, the second steps from there.
        ulong start = Mix(Mix(seed + Gamma) + ((stream + 1UL) * Gamma));
        return (Mix(start + ((step + 1UL) * Gamma)) >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
