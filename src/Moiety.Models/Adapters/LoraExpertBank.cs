namespace Moiety.Models.Adapters;

/// <summary>
/// A mixture of low-rank experts on one matrix W [rows, columns]: y = W x + Σ_i g_i(x) · Scale · B_i A_i x, where g are the k largest of
/// softmax(R x), divided by their sum where the bank normalizes, and 0 for all others. The matrix has a router of its own, which reads
/// what the matrix reads (MoLoRA, arXiv 2309.05444; top-k and balance as in MixLoRA, arXiv 2404.15159).
/// </summary>
public sealed class LoraExpertBank
{
    /// <summary>Takes over the factors.</summary>
    /// <param name="a">A of all experts, [experts * rank, columns], row-major, expert under expert.</param>
    /// <param name="b">B of all experts, [rows, experts * rank], row-major, expert beside expert.</param>
    /// <param name="router">R, [experts, columns], row-major.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="topK">Experts per token, k.</param>
    /// <param name="rank">Rank of one expert.</param>
    /// <param name="scale">alpha / rank.</param>
    /// <param name="normalizeTopK">Whether the k weights are divided by their sum.</param>
    /// <exception cref="ArgumentException">The sizes do not fit each other.</exception>
    public LoraExpertBank(float[] a, float[] b, float[] router, int experts, int topK, int rank, float scale, bool normalizeTopK)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(router);
        if (experts < 1 || topK < 1 || topK > experts || rank < 1 || (long)experts * rank > LoraAdapter.MaxRank
            || a.Length % (experts * rank) != 0 || b.Length % (experts * rank) != 0 || (long)router.Length * rank != a.Length)
        {
            throw new ArgumentException($"Factors of {a.Length} and {b.Length} elements and a router of {router.Length} are no {experts} experts of rank {rank} of which {topK} are chosen.", nameof(experts));
        }

        A = a;
        B = b;
        Router = router;
        Experts = experts;
        TopK = topK;
        Rank = rank;
        Scale = scale;
        NormalizeTopK = normalizeTopK;
    }

    /// <summary>A of all experts, [experts * rank, columns], row-major.</summary>
    public float[] A { get; }

    /// <summary>B of all experts, [rows, experts * rank], row-major.</summary>
    public float[] B { get; }

    /// <summary>R, [experts, columns], row-major.</summary>
    public float[] Router { get; }

    /// <summary>Number of experts.</summary>
    public int Experts { get; }

    /// <summary>Experts per token.</summary>
    public int TopK { get; }

    /// <summary>Rank of one expert.</summary>
    public int Rank { get; }

    /// <summary>Factor of the products.</summary>
    public float Scale { get; }

    /// <summary>Whether the weights of the chosen experts are divided by their sum.</summary>
    public bool NormalizeTopK { get; }

    /// <summary>Rows of the matrix.</summary>
    public int Rows => B.Length / (Experts * Rank);

    /// <summary>Columns of the matrix.</summary>
    public int Columns => Router.Length / Experts;

    /// <summary>Number of parameters.</summary>
    public long Parameters => (long)A.Length + B.Length + Router.Length;
}
