namespace Moiety.Models.Adapters;

/// <summary>What an adapter adds to one matrix W [rows, columns]: Scale * B * A (LoRA, arXiv 2106.09685).</summary>
public sealed class LowRankUpdate
{
    /// <summary>Takes over the factors.</summary>
    /// <param name="a">A, [rank, columns], row-major.</param>
    /// <param name="b">B, [rows, rank], row-major.</param>
    /// <param name="rank">Rank.</param>
    /// <param name="scale">alpha / rank, or alpha / sqrt(rank) with rank stabilization (arXiv 2312.03732).</param>
    /// <exception cref="ArgumentException">The factors do not have that rank.</exception>
    public LowRankUpdate(float[] a, float[] b, int rank, float scale)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (rank < 1 || a.Length % rank != 0 || b.Length % rank != 0)
        {
            throw new ArgumentException($"Factors of {a.Length} and {b.Length} elements have no rank of {rank}.", nameof(rank));
        }

        A = a;
        B = b;
        Rank = rank;
        Scale = scale;
    }

    /// <summary>A, [rank, columns], row-major.</summary>
    public float[] A { get; }

    /// <summary>B, [rows, rank], row-major.</summary>
    public float[] B { get; }

    /// <summary>Rank.</summary>
    public int Rank { get; }

    /// <summary>Factor of the product.</summary>
    public float Scale { get; }

    /// <summary>Rows of the matrix.</summary>
    public int Rows => B.Length / Rank;

    /// <summary>Columns of the matrix.</summary>
    public int Columns => A.Length / Rank;

    /// <summary>Adds the update to one row of the matrix.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="values">The row, changed in place.</param>
    public void AddTo(int row, Span<float> values)
    {
        // In double precision: a merged matrix is used often, and made once.
        for (int column = 0; column < values.Length; column++)
        {
            double sum = 0;
            for (int i = 0; i < Rank; i++)
            {
                sum += (double)B[(row * Rank) + i] * A[(i * Columns) + column];
            }

            values[column] = (float)(values[column] + (Scale * sum));
        }
    }
}
