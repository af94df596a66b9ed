namespace Moiety.Numerics.Kernels;

/// <summary>An element of a format without blocks, decoded into single-precision lanes on its way to the multiplier.</summary>
internal unsafe interface IDenseElement
{
    /// <summary>Bytes of one element.</summary>
    static abstract int Bytes { get; }

    /// <summary>Decodes as many elements as the vector has lanes.</summary>
    static abstract TVector Load<TLanes, TVector>(byte* row, long index)
        where TLanes : ILanes<TVector>
        where TVector : struct;

    /// <summary>Decodes one element.</summary>
    static abstract float Load(byte* row, long index);
}
