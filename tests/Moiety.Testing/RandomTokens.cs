using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>Token ids that are the same on every machine.</summary>
public static class RandomTokens
{
    /// <summary>Ids below a bound.</summary>
    public static int[] Draw(ulong seed, int count, int vocabularySize)
    {
        SplitMix64 random = new(seed);
        int[] tokens = new int[count];
        foreach (ref int token in tokens.AsSpan())
        {
            token = (int)(random.Next() % (ulong)vocabularySize);
        }

        return tokens;
    }
}
