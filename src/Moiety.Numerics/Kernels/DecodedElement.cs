using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Quantized weights, decoded one by one on their way to a product in single precision.</summary>
/// <typeparam name="TReader">Decodes sixteen at a time.</typeparam>
internal readonly unsafe struct DecodedElement<TReader> : IDenseElement
    where TReader : struct, IRowReader
{
    /// <summary>None of their own: nothing is prefetched.</summary>
    public static int Bytes => 0;

    public static TVector Load<TLanes, TVector>(byte* row, long index)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        Vector512<float> sixteen = TReader.Load16(row, (int)(index & ~15));
        if (TLanes.Count == Vector512<float>.Count)
        {
            return Unsafe.BitCast<Vector512<float>, TVector>(sixteen);
        }
        float* values = stackalloc float[16];
        sixteen.Store(values);
        return TLanes.Load(values + (index & 15));
    }

    public static float Load(byte* row, long index) => TReader.Load(row, index);
}
