using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>16 single-precision lanes. AVX-512.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => 16;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(ushort* source) => HalfToSingle(Widen(Vector256.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBrain(ushort* source) => (Widen(Vector256.Load(source)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFloat8(byte* source) => Float8ToSingle(Widen(Vector256.Create(Vector128.WidenLower(Vector128.Load(source)), Vector128.WidenUpper(Vector128.Load(source)))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value)
    {
        return Lanes256.Sum(value.GetLower() + value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SumEach(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (!Avx512F.IsSupported)
        {
            return Lanes256.SumEach(
                a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper(), c.GetLower() + c.GetUpper(), d.GetLower() + d.GetUpper());
        }

        // Quarters 0 + 2 and 1 + 3 of two vectors side by side, then 0 + 1: each quarter belongs to one vector.
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, 0x44) + Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cd = Avx512F.Shuffle4x128(c, d, 0x44) + Avx512F.Shuffle4x128(c, d, 0xEE);
        Vector512<float> four = Avx512F.Shuffle4x128(ab, cd, 0x88) + Avx512F.Shuffle4x128(ab, cd, 0xDD);
        four += Avx512F.Permute4x32(four, 0x4E);
        four += Avx512F.Permute4x32(four, 0xB1);
        return Avx512F.PermuteVar16x32(four, Vector512<int>.Indices << 2).GetLower().GetLower();
    }

    /// <summary>Widens floats E4M3 that lie in the lower 8 bits of each lane, whose other bits are zero; exact, with subnormals and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Float8ToSingle(Vector512<uint> values)
    {
        // The exponent's bias grows by 120. A subnormal is a fraction behind an exponent of -6, less 2^-6; read as a subnormal single
        // and multiplied it would be the same, but slow.
        Vector512<uint> magnitude = values & Vector512.Create(0x7Fu);
        Vector512<uint> moved = magnitude << 20;
        Vector512<uint> normal = moved + Vector512.Create(120u << 23);
        Vector512<float> subnormal = (moved | Vector512.Create(121u << 23)).AsSingle() - Vector512.Create(1 / 64f);
        Vector512<uint> unsigned = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(8u)), subnormal.AsUInt32(), normal);
        Vector512<uint> notANumber = Vector512.Equals(magnitude, Vector512.Create(0x7Fu)) & Vector512.Create(0x7FC00000u);
        return (unsigned | notANumber | ((values >>> 7) << 31)).AsSingle();
    }

    /// <summary>Widens halves that lie in the lower 16 bits of each lane; exact, with subnormals, infinities and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> HalfToSingle(Vector512<uint> halves)
    {
        // Exponent and fraction moved into place read as x·2^-112; the product restores x, subnormals included.
        Vector512<int> moved = ((halves << 16).AsInt32() >> 3) & Vector512.Create(unchecked((int)0x8FFFE000));
        Vector512<uint> finite = (moved.AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle(239u << 23))).AsUInt32();
        Vector512<uint> exponents = Vector512.Create(0x7C00u);
        Vector512<uint> special = Vector512.Equals(halves & exponents, exponents);
        return Vector512.ConditionalSelect(special, finite | Vector512.Create(0x7F800000u), finite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen(Vector256<ushort> values) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512UInt32(values)
            : Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));
}
