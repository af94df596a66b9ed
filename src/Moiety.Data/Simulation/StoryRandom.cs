using Moiety.Numerics.Randomness;

namespace Moiety.Data.Simulation;

/// <summary>
/// The random numbers of one document, from the corpus seed and the document's index. Integer arithmetic only, so every
/// machine draws the same numbers, and a document does not depend on those before it.
/// </summary>
internal sealed class StoryRandom
{
    // Not readonly: drawing changes it.
    private Xoshiro256 _bits;

    internal StoryRandom(ulong seed, ulong index) => _bits = new Xoshiro256(new SplitMix64(seed).Next() ^ index);

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    internal int Next(int bound) => (int)(((_bits.NextUInt64() >> 32) * (ulong)(uint)bound) >> 32);

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
}
