using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Exact sums of v·x over groups.</summary>
internal unsafe interface IGroupSums
{
    /// <summary>Whether sixteen groups are summed at once.</summary>
    static abstract bool IsWide { get; }

    /// <summary>What the integers v exceed u by.</summary>
    static abstract int Offset { get; }

    /// <summary>The sums of the first and of the second halves of eight groups that follow each other.</summary>
    static abstract void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second);

    /// <summary>The sums of the first and of the second halves of sixteen groups; only where <see cref="IsWide"/>.</summary>
    static abstract void Sixteen(byte* blocks, sbyte* x, out Vector512<int> first, out Vector512<int> second);
}
