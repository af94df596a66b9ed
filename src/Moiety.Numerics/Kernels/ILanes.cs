using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Single-precision lanes of one vector width. A kernel written over this interface exists once and is compiled for each width.
/// </summary>
/// <typeparam name="TVector">The vector type of that width.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Lanes of one vector.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>Loads singles.</summary>
    static abstract TVector Load(float* source);

    /// <summary>Stores singles.</summary>
    static abstract void Store(TVector value, float* destination);

    /// <summary>Loads halves and widens them; exact.</summary>
    static abstract TVector LoadHalf(ushort* source);

    /// <summary>Loads the upper halves of singles and widens them; exact.</summary>
    static abstract TVector LoadBrain(ushort* source);

    /// <summary>Loads floats E4M3 and widens them; exact.</summary>
    static abstract TVector LoadFloat8(byte* source);

    /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>Adds the lanes: halves onto each other until one is left.</summary>
    static abstract float Sum(TVector value);

    /// <summary>The <see cref="Sum"/> of four vectors, added in the same order.</summary>
    static abstract Vector128<float> SumEach(TVector a, TVector b, TVector c, TVector d);
}
