using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>4 single-precision lanes. Portable: SSE, AdvSimd or plain code.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(ushort* source) => HalfToSingle(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBrain(ushort* source) => (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloat8(byte* source) => Float8ToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsByte())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value)
    {
        Vector128<float> pairs = value + Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1));
        return pairs[0] + pairs[1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SumEach(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) =>
        Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));

    /// <summary>Widens floats E4M3 that lie in the lower 8 bits of each lane, whose other bits are zero; exact, with subnormals and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Float8ToSingle(Vector128<uint> values)
    {
        // The exponent's bias grows by 120. A subnormal is a fraction behind an exponent of -6, less 2^-6; read as a subnormal single
        // and multiplied it would be the same, but slow.
        Vector128<uint> magnitude = values & Vector128.Create(0x7Fu);
        Vector128<uint> moved = magnitude << 20;
        Vector128<uint> normal = moved + Vector128.Create(120u << 23);
        Vector128<float> subnormal = (moved | Vector128.Create(121u << 23)).AsSingle() - Vector128.Create(1 / 64f);
        Vector128<uint> unsigned = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(8u)), subnormal.AsUInt32(), normal);
        Vector128<uint> notANumber = Vector128.Equals(magnitude, Vector128.Create(0x7Fu)) & Vector128.Create(0x7FC00000u);
        return (unsigned | notANumber | ((values >>> 7) << 31)).AsSingle();
    }

    /// <summary>Widens halves that lie in the lower 16 bits of each lane; exact, with subnormals, infinities and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HalfToSingle(Vector128<uint> halves)
    {
        // Exponent and fraction moved into place read as x·2^-112; the product restores x, subnormals included.
        Vector128<int> moved = ((halves << 16).AsInt32() >> 3) & Vector128.Create(unchecked((int)0x8FFFE000));
        Vector128<uint> finite = (moved.AsSingle() * Vector128.Create(BitConverter.UInt32BitsToSingle(239u << 23))).AsUInt32();
        Vector128<uint> exponents = Vector128.Create(0x7C00u);
        Vector128<uint> special = Vector128.Equals(halves & exponents, exponents);
        return Vector128.ConditionalSelect(special, finite | Vector128.Create(0x7F800000u), finite).AsSingle();
    }
}
