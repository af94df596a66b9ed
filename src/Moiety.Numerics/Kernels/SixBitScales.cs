using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The scales of ggml's super-blocks: small integers packed into a few bytes, unpacked to one pair of words for each group of 32.
/// </summary>
internal static unsafe class SixBitScales
{
    /// <summary>
    /// Eight scales and eight minimums of six bits in twelve bytes q, as Q4_K and Q5_K hold them: for j below 4 in the lower six bits
    /// of q[j] and q[j + 4]; for the others the lower four bits in the nibbles of q[j + 4], the upper two in the upper bits of
    /// q[j − 4] and q[j].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* packed, out Vector256<int> scales, out Vector256<int> minimums)
    {
        if (Avx2.IsSupported)
        {
            UnpackAvx2(packed, out scales, out minimums);
            return;
        }
        uint a = *(uint*)packed;
        uint b = *(uint*)(packed + 4);
        uint c = *(uint*)(packed + 8);
        ulong upperScales = (c & 0x0F0F0F0F) | ((a >> 2) & 0x30303030);
        ulong upperMinimums = ((c >> 4) & 0x0F0F0F0F) | ((b >> 2) & 0x30303030);
        scales = InPairs((a & 0x3F3F3F3F) | (upperScales << 32));
        minimums = InPairs((b & 0x3F3F3F3F) | (upperMinimums << 32));
    }

    /// <summary>The same; reads four bytes more than there are scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackAvx2(byte* packed, out Vector256<int> scales, out Vector256<int> minimums)
    {
        Vector128<uint> first = Vector128.Load((uint*)packed);
        Vector128<uint> nibbles = Avx2.ShiftRightLogicalVariable(Vector128.Create(*(uint*)(packed + 8)), Vector128.Create(0u, 4, 0, 4));
        Vector128<uint> lower = first & Vector128.Create(0x3F3F3F3Fu);
        Vector128<uint> upper = (nibbles & Vector128.Create(0x0F0F0F0Fu)) | ((first >>> 2) & Vector128.Create(0x30303030u));

        // Eight bytes of scales, then eight of minimums; each goes into both words of its lane.
        Vector128<byte> bytes = Sse2.UnpackLow(lower, upper).AsByte();
        Vector256<byte> twice = Vector256.Create(bytes, bytes);
        Vector256<byte> ofScales = Vector256.Create(
            0x8000_8000u, 0x8001_8001, 0x8002_8002, 0x8003_8003, 0x8004_8004, 0x8005_8005, 0x8006_8006, 0x8007_8007).AsByte();
        Vector256<byte> ofMinimums = Vector256.Create(
            0x8008_8008u, 0x8009_8009, 0x800A_800A, 0x800B_800B, 0x800C_800C, 0x800D_800D, 0x800E_800E, 0x800F_800F).AsByte();
        scales = Avx2.Shuffle(twice, ofScales).AsInt32();
        minimums = Avx2.Shuffle(twice, ofMinimums).AsInt32();
    }

    /// <summary>The scales and minimums of two super-blocks; reads four bytes more than there are scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UnpackAvx512(byte* first, byte* second, out Vector512<int> scales, out Vector512<int> minimums)
    {
        Vector256<uint> packed = Vector256.Create(Vector128.Load((uint*)first), Vector128.Load((uint*)second));
        Vector256<uint> nibbles = Avx2.ShiftRightLogicalVariable(Avx2.Shuffle(packed, 0b10_10_10_10), Vector256.Create(0u, 4, 0, 4, 0, 4, 0, 4));
        Vector256<uint> lower = packed & Vector256.Create(0x3F3F3F3Fu);
        Vector256<uint> upper = (nibbles & Vector256.Create(0x0F0F0F0Fu)) | ((packed >>> 2) & Vector256.Create(0x30303030u));

        // In each half eight bytes of scales, then eight of minimums; all scales, then all minimums, each in both words of its lane.
        Vector256<ulong> bytes = Avx2.Permute4x64(Avx2.UnpackLow(lower, upper).AsUInt64(), 0b11_01_10_00);
        Vector512<byte> ofScales = WideVectors.FourTimes(bytes.GetLower().AsByte());
        Vector512<byte> ofMinimums = WideVectors.FourTimes(bytes.GetUpper().AsByte());
        Vector512<byte> spread = Vector512.Create(
            0x8000_8000u, 0x8001_8001, 0x8002_8002, 0x8003_8003, 0x8004_8004, 0x8005_8005, 0x8006_8006, 0x8007_8007,
            0x8008_8008, 0x8009_8009, 0x800A_800A, 0x800B_800B, 0x800C_800C, 0x800D_800D, 0x800E_800E, 0x800F_800F).AsByte();
        scales = Avx512BW.Shuffle(ofScales, spread).AsInt32();
        minimums = Avx512BW.Shuffle(ofMinimums, spread).AsInt32();
    }

    /// <summary>The inverse of <see cref="Unpack"/>.</summary>
    public static void Pack(byte* scales, byte* minimums, byte* packed)
    {
        for (int j = 0; j < 4; j++)
        {
            packed[j] = (byte)(scales[j] | (scales[j + 4] >> 4 << 6));
            packed[j + 4] = (byte)(minimums[j] | (minimums[j + 4] >> 4 << 6));
            packed[j + 8] = (byte)((scales[j + 4] & 15) | (minimums[j + 4] << 4));
        }
    }

    /// <summary>
    /// Sixteen scales of six bits in twelve bytes q, as Q3_K holds them: the lower four bits in the nibbles of q[0] to q[7], the upper
    /// two of scale j in bits 2·(j / 4) of q[8 + j mod 4]. 32 is taken off.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackSigned(byte* packed)
    {
        ulong low = *(ulong*)packed;
        uint high = *(uint*)(packed + 8);
        ulong lower = (high & 0x03030303) | ((ulong)((high >> 2) & 0x03030303) << 32);
        ulong upper = ((high >> 4) & 0x03030303) | ((ulong)((high >> 6) & 0x03030303) << 32);
        Vector128<byte> scales = Vector128.Create(
            (low & 0x0F0F0F0F0F0F0F0F) | (lower << 4), ((low >> 4) & 0x0F0F0F0F0F0F0F0F) | (upper << 4)).AsByte();
        return Widen(scales.AsSByte() - Vector128.Create((sbyte)32)).AsInt32();
    }

    /// <summary>The inverse of <see cref="UnpackSigned"/>, for scales with 32 added.</summary>
    public static void PackSigned(byte* scales, byte* packed)
    {
        new Span<byte>(packed, 12).Clear();
        for (int j = 0; j < 16; j++)
        {
            packed[j % 8] |= (byte)((scales[j] & 15) << (4 * (j / 8)));
            packed[8 + (j % 4)] |= (byte)(scales[j] >> 4 << (2 * (j / 4)));
        }
    }

    /// <summary>Sixteen signed bytes as words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen(Vector128<sbyte> bytes) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int16(bytes)
        : Vector256.Create(Vector128.WidenLower(bytes), Vector128.WidenUpper(bytes));

    /// <summary>Twice sixteen signed bytes as words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> WidenAvx512(Vector128<sbyte> first, Vector128<sbyte> second) =>
        Avx512BW.ConvertToVector512Int16(Vector256.Create(first, second)).AsInt32();

    /// <summary>Eight bytes, each as two equal words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> InPairs(ulong bytes)
    {
        Vector256<uint> wide = Lanes256.Widen(Vector128.WidenLower(Vector128.CreateScalar(bytes).AsByte()));
        return (wide | (wide << 16)).AsInt32();
    }
}
