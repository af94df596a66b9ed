namespace Moiety.Numerics.Kernels;

/// <summary>
/// Integer lanes of one vector width, one weight row per lane. The tile of <see cref="QuantizedPanels"/> exists once and is compiled
/// for each width.
/// </summary>
/// <typeparam name="TVector">The vector of 32-bit integers of that width.</typeparam>
internal unsafe interface IQuantizedLanes<TVector>
    where TVector : struct
{
    /// <summary>Lanes of one vector.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>Loads one pair of words per lane.</summary>
    static abstract TVector Load(int* pairs);

    /// <summary>Loads one pair of words into every lane.</summary>
    static abstract TVector Broadcast(int* pair);

    /// <summary>sum + w[0]·x[0] + w[1]·x[1] in every lane, exact.</summary>
    static abstract TVector MultiplyAddPairs(TVector weights, TVector x, TVector sum);

    /// <summary>a + b.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>sums += float(blockSums) · (weightScales · scale).</summary>
    static abstract void Accumulate(TVector blockSums, float* weightScales, float scale, float* sums);
}
