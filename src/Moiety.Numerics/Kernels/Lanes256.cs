using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>8 single-precision lanes. AVX2.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(ushort* source) => HalfToSingle(Widen(Vector128.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBrain(ushort* source) => (Widen(Vector128.Load(source)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFloat8(byte* source) => Float8ToSingle(Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value)
    {
        return Lanes128.Sum(value.GetLower() + value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SumEach(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d) =>
        Lanes128.SumEach(
            a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper(), c.GetLower() + c.GetUpper(), d.GetLower() + d.GetUpper());

    /// <summary>Widens floats E4M3 that lie in the lower 8 bits of each lane, whose other bits are zero; exact, with subnormals and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Float8ToSingle(Vector256<uint> values)
    {
        // The exponent's bias grows by 120. A subnormal is a fraction behind an exponent of -6, less 2^-6; read as a subnormal single
        // and multiplied it would be the same, but slow.
        Vector256<uint> magnitude = values & Vector256.Create(0x7Fu);
        Vector256<uint> moved = magnitude << 20;
        Vector256<uint> normal = moved + Vector256.Create(120u << 23);
        Vector256<float> subnormal = (moved | Vector256.Create(121u << 23)).AsSingle() - Vector256.Create(1 / 64f);
        Vector256<uint> unsigned = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(8u)), subnormal.AsUInt32(), normal);
        Vector256<uint> notANumber = Vector256.Equals(magnitude, Vector256.Create(0x7Fu)) & Vector256.Create(0x7FC00000u);
        return (unsigned | notANumber | ((values >>> 7) << 31)).AsSingle();
    }

    /// <summary>Widens halves that lie in the lower 16 bits of each lane; exact, with subnormals, infinities and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HalfToSingle(Vector256<uint> halves)
    {
        // Exponent and fraction moved into place read as x·2^-112; the product restores x, subnormals included.
        Vector256<int> moved = ((halves << 16).AsInt32() >> 3) & Vector256.Create(unchecked((int)0x8FFFE000));
        Vector256<uint> finite = (moved.AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle(239u << 23))).AsUInt32();
        Vector256<uint> exponents = Vector256.Create(0x7C00u);
        Vector256<uint> special = Vector256.Equals(halves & exponents, exponents);
        return Vector256.ConditionalSelect(special, finite | Vector256.Create(0x7F800000u), finite).AsSingle();
    }

    /// <summary>Widens eight words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Widen(Vector128<ushort> values) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(values).AsUInt32()
            : Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
}
