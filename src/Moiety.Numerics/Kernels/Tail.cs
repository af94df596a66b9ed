using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Loads and stores of the last elements of a vector that fill less than sixteen lanes.</summary>
internal static unsafe class Tail
{
    /// <summary>Loads fewer than sixteen singles; the other lanes get a filler.</summary>
    public static Vector512<float> Load(float* source, int count, float filler = 0)
    {
        float* lanes = stackalloc float[16];
        for (int i = 0; i < 16; i++)
        {
            lanes[i] = i < count ? source[i] : filler;
        }
        return Vector512.Load(lanes);
    }

    /// <summary>Stores the first lanes.</summary>
    public static void Store(Vector512<float> value, float* destination, int count)
    {
        float* lanes = stackalloc float[16];
        value.Store(lanes);
        for (int i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }
}
