namespace Moiety.Parity.Tests.Models;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the same token ids on every machine.</summary>
public sealed class SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Token ids below a bound.</summary>
    public int[] Tokens(int count, int vocabularySize)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = (int)(Next() % (ulong)vocabularySize);
        }

        return tokens;
    }

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
