using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Decodes pieces of an encoded row for kernels that work in single precision.</summary>
internal unsafe interface IRowReader
{
    /// <summary>Decodes elements <paramref name="index"/> to index + 15; the index is a multiple of 16.</summary>
    static abstract Vector512<float> Load16(byte* row, int index);

    /// <summary>Decodes one element.</summary>
    static abstract float Load(byte* row, long index);
}
