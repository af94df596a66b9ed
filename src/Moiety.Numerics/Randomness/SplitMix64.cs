namespace Moiety.Numerics.Randomness;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): a counter and a hash
/// of it. Seeds <see cref="Xoshiro256"/>, and gives draw n of a stream without the draws before it.
/// </summary>
/// <param name="seed">Where the counter starts.</param>
public struct SplitMix64(ulong seed)
{
    /// <summary>What the counter grows by: 2^64 over the golden ratio.</summary>
    public const ulong Gamma = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    /// <summary>The next 64 random bits.</summary>
    public ulong Next()
    {
        _state += Gamma;
        return Hash(_state);
    }

    /// <summary>The hash of a counter's value; a bijection.</summary>
    public static ulong Hash(ulong counter)
    {
        counter = (counter ^ (counter >> 30)) * 0xBF58476D1CE4E5B9;
        counter = (counter ^ (counter >> 27)) * 0x94D049BB133111EB;
        return counter ^ (counter >> 31);
    }
}
