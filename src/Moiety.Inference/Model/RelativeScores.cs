namespace Moiety.Inference.Model;

/// <summary>What attention scores gain by the distance between query and key.</summary>
internal abstract unsafe class RelativeScores
{
    /// <summary>Whether <see cref="Add"/> reads the keys, as singles.</summary>
    public abstract bool ReadsKeys { get; }

    /// <summary>Adds to the scores of one query head for keys that follow each other.</summary>
    /// <param name="query">The query, [head size].</param>
    /// <param name="head">Query head.</param>
    /// <param name="position">Position id of the query.</param>
    /// <param name="keys">The keys, [count, head size], without gaps; anything when they are not read.</param>
    /// <param name="positions">Their position ids, [count].</param>
    /// <param name="count">Keys.</param>
    /// <param name="scores">Added onto, [count].</param>
    public abstract void Add(float* query, int head, int position, float* keys, int* positions, int count, float* scores);
}
