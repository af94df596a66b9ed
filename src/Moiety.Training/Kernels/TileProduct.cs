using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>
/// C += A B in F32 for matrices that lie in the cache. The strides of A are free, so a transposed A costs nothing; B and C are row-major.
/// A block of 4 rows and up to 64 columns of C stays in registers while the whole depth runs by; every element is one chain of
/// multiply-adds in the order of the depth.
/// </summary>
internal static unsafe class TileProduct
{
    /// <summary>Rows of C come in multiples of this.</summary>
    internal const int RowBlock = 4;

    /// <summary>Columns of C come in multiples of this.</summary>
    internal const int ColumnBlock = 16;

    /// <summary>C += A B.</summary>
    /// <param name="a">A[i, k] is at a + i * rowStride + k * stepStride.</param>
    /// <param name="rowStride">Distance of rows of A.</param>
    /// <param name="stepStride">Distance of columns of A.</param>
    /// <param name="b">[depth, columns].</param>
    /// <param name="bStride">Distance of rows of B.</param>
    /// <param name="c">[rows, columns].</param>
    /// <param name="cStride">Distance of rows of C.</param>
    /// <param name="rows">A multiple of <see cref="RowBlock"/>.</param>
    /// <param name="depth">Columns of A and rows of B.</param>
    /// <param name="columns">A multiple of <see cref="ColumnBlock"/>.</param>
    internal static void Add(float* a, nint rowStride, nint stepStride, float* b, nint bStride, float* c, nint cStride, int rows, int depth, int columns)
    {
        int column = 0;
        for (; column <= columns - 64; column += 64)
        {
            for (int row = 0; row < rows; row += RowBlock)
            {
                AddFour(a + (row * rowStride), rowStride, stepStride, b + column, bStride, c + (row * cStride) + column, cStride, depth);
            }
        }

        for (; column <= columns - 32; column += 32)
        {
            for (int row = 0; row < rows; row += RowBlock)
            {
                AddTwo(a + (row * rowStride), rowStride, stepStride, b + column, bStride, c + (row * cStride) + column, cStride, depth);
            }
        }

        if (column < columns)
        {
            for (int row = 0; row < rows; row += RowBlock)
            {
                AddOne(a + (row * rowStride), rowStride, stepStride, b + column, bStride, c + (row * cStride) + column, cStride, depth);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddFour(float* a, nint rowStride, nint stepStride, float* b, nint bStride, float* c, nint cStride, int depth)
    {
        float* c1 = c + cStride;
        float* c2 = c1 + cStride;
        float* c3 = c2 + cStride;
        Vector512<float> s00 = Vector512.Load(c), s01 = Vector512.Load(c + 16), s02 = Vector512.Load(c + 32), s03 = Vector512.Load(c + 48);
        Vector512<float> s10 = Vector512.Load(c1), s11 = Vector512.Load(c1 + 16), s12 = Vector512.Load(c1 + 32), s13 = Vector512.Load(c1 + 48);
        Vector512<float> s20 = Vector512.Load(c2), s21 = Vector512.Load(c2 + 16), s22 = Vector512.Load(c2 + 32), s23 = Vector512.Load(c2 + 48);
        Vector512<float> s30 = Vector512.Load(c3), s31 = Vector512.Load(c3 + 16), s32 = Vector512.Load(c3 + 32), s33 = Vector512.Load(c3 + 48);
        float* a1 = a + rowStride;
        float* a2 = a1 + rowStride;
        float* a3 = a2 + rowStride;
        for (int k = 0; k < depth; k++)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16), b2 = Vector512.Load(b + 32), b3 = Vector512.Load(b + 48);
            Vector512<float> x = Vector512.Create(*a);
            s00 = Vector512.MultiplyAddEstimate(x, b0, s00);
            s01 = Vector512.MultiplyAddEstimate(x, b1, s01);
            s02 = Vector512.MultiplyAddEstimate(x, b2, s02);
            s03 = Vector512.MultiplyAddEstimate(x, b3, s03);
            x = Vector512.Create(*a1);
            s10 = Vector512.MultiplyAddEstimate(x, b0, s10);
            s11 = Vector512.MultiplyAddEstimate(x, b1, s11);
            s12 = Vector512.MultiplyAddEstimate(x, b2, s12);
            s13 = Vector512.MultiplyAddEstimate(x, b3, s13);
            x = Vector512.Create(*a2);
            s20 = Vector512.MultiplyAddEstimate(x, b0, s20);
            s21 = Vector512.MultiplyAddEstimate(x, b1, s21);
            s22 = Vector512.MultiplyAddEstimate(x, b2, s22);
            s23 = Vector512.MultiplyAddEstimate(x, b3, s23);
            x = Vector512.Create(*a3);
            s30 = Vector512.MultiplyAddEstimate(x, b0, s30);
            s31 = Vector512.MultiplyAddEstimate(x, b1, s31);
            s32 = Vector512.MultiplyAddEstimate(x, b2, s32);
            s33 = Vector512.MultiplyAddEstimate(x, b3, s33);
            a += stepStride;
            a1 += stepStride;
            a2 += stepStride;
            a3 += stepStride;
            b += bStride;
        }

        s00.Store(c);
        s01.Store(c + 16);
        s02.Store(c + 32);
        s03.Store(c + 48);
        s10.Store(c1);
        s11.Store(c1 + 16);
        s12.Store(c1 + 32);
        s13.Store(c1 + 48);
        s20.Store(c2);
        s21.Store(c2 + 16);
        s22.Store(c2 + 32);
        s23.Store(c2 + 48);
        s30.Store(c3);
        s31.Store(c3 + 16);
        s32.Store(c3 + 32);
        s33.Store(c3 + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTwo(float* a, nint rowStride, nint stepStride, float* b, nint bStride, float* c, nint cStride, int depth)
    {
        float* c1 = c + cStride;
        float* c2 = c1 + cStride;
        float* c3 = c2 + cStride;
        Vector512<float> s00 = Vector512.Load(c), s01 = Vector512.Load(c + 16), s10 = Vector512.Load(c1), s11 = Vector512.Load(c1 + 16);
        Vector512<float> s20 = Vector512.Load(c2), s21 = Vector512.Load(c2 + 16), s30 = Vector512.Load(c3), s31 = Vector512.Load(c3 + 16);
        float* a1 = a + rowStride;
        float* a2 = a1 + rowStride;
        float* a3 = a2 + rowStride;
        for (int k = 0; k < depth; k++)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16);
            Vector512<float> x = Vector512.Create(*a);
            s00 = Vector512.MultiplyAddEstimate(x, b0, s00);
            s01 = Vector512.MultiplyAddEstimate(x, b1, s01);
            x = Vector512.Create(*a1);
            s10 = Vector512.MultiplyAddEstimate(x, b0, s10);
            s11 = Vector512.MultiplyAddEstimate(x, b1, s11);
            x = Vector512.Create(*a2);
            s20 = Vector512.MultiplyAddEstimate(x, b0, s20);
            s21 = Vector512.MultiplyAddEstimate(x, b1, s21);
            x = Vector512.Create(*a3);
            s30 = Vector512.MultiplyAddEstimate(x, b0, s30);
            s31 = Vector512.MultiplyAddEstimate(x, b1, s31);
            a += stepStride;
            a1 += stepStride;
            a2 += stepStride;
            a3 += stepStride;
            b += bStride;
        }

        s00.Store(c);
        s01.Store(c + 16);
        s10.Store(c1);
        s11.Store(c1 + 16);
        s20.Store(c2);
        s21.Store(c2 + 16);
        s30.Store(c3);
        s31.Store(c3 + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddOne(float* a, nint rowStride, nint stepStride, float* b, nint bStride, float* c, nint cStride, int depth)
    {
        float* c1 = c + cStride;
        float* c2 = c1 + cStride;
        float* c3 = c2 + cStride;
        Vector512<float> s0 = Vector512.Load(c), s1 = Vector512.Load(c1), s2 = Vector512.Load(c2), s3 = Vector512.Load(c3);
        float* a1 = a + rowStride;
        float* a2 = a1 + rowStride;
        float* a3 = a2 + rowStride;
        for (int k = 0; k < depth; k++)
        {
            Vector512<float> b0 = Vector512.Load(b);
            s0 = Vector512.MultiplyAddEstimate(Vector512.Create(*a), b0, s0);
            s1 = Vector512.MultiplyAddEstimate(Vector512.Create(*a1), b0, s1);
            s2 = Vector512.MultiplyAddEstimate(Vector512.Create(*a2), b0, s2);
            s3 = Vector512.MultiplyAddEstimate(Vector512.Create(*a3), b0, s3);
            a += stepStride;
            a1 += stepStride;
            a2 += stepStride;
            a3 += stepStride;
            b += bStride;
        }

        s0.Store(c);
        s1.Store(c1);
        s2.Store(c2);
        s3.Store(c3);
    }
}
