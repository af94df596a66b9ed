using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>A function of one variable over sixteen lanes; zero must give a finite value.</summary>
internal interface ILaneFunction
{
    /// <summary>The function of every lane.</summary>
    static abstract Vector512<float> Of(Vector512<float> x);
}
