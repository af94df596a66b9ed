namespace Moiety.Parity.Tests.Models;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.</summary>
public sealed class SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 uniform bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A uniform number below a bound.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>A standard normal number (Box and Muller).</summary>
    public float Normal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
        return (float)(radius * Math.Cos(2 * Math.PI * Uniform()));
    }

    /// <summary>Token ids below a bound.</summary>
    public int[] Tokens(int count, int vocabularySize)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = Below(vocabularySize);
        }

        return tokens;
    }

    private double Uniform() => (Next() >> 11) * (1.0 / (1ul << 53));
}
