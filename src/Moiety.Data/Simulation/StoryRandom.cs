namespace Moiety.Data.Simulation;

/// <summary>
/// The random numbers of one document: xoshiro256** (Blackman and Vigna, 2018) seeded by SplitMix64 from the corpus
/// seed and the document's index. Integer arithmetic only, so every machine draws the same numbers, and a document
/// does not depend on those before it.
/// </summary>
internal sealed class StoryRandom
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    internal StoryRandom(ulong seed, ulong index)
    {
        ulong state = seed;
        ulong mixed = SplitMix(ref state) ^ index;
        _a = SplitMix(ref mixed);
        _b = SplitMix(ref mixed);
        _c = SplitMix(ref mixed);
        _d = SplitMix(ref mixed);
    }

    internal ulong NextBits()
    {
        ulong result = ulong.RotateLeft(_b * 5, 7) * 9;
        ulong shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    internal int Next(int bound) => (int)(((NextBits() >> 32) * (ulong)(uint)bound) >> 32);

    /// <summary>A number from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    internal int Between(int first, int last) => first + Next(last - first + 1);

    /// <summary>True in <paramref name="percent"/> of a hundred cases.</summary>
    internal bool Chance(int percent) => Next(100) < percent;

    internal T Pick<T>(ReadOnlySpan<T> items) => items[Next(items.Length)];

    internal T Pick<T>(T[] items) => items[Next(items.Length)];

    internal T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>Puts the items into a random order (Fisher-Yates).</summary>
    internal void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
