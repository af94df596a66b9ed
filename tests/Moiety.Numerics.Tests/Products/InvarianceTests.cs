using CsCheck;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Numerics.Tests.Products;

/// <summary>An output element is bitwise the same for every batch, row range, thread count and mapping table.</summary>
public sealed unsafe class InvarianceTests
{
    public static TheoryData<string, string> FormatsAndKernels => MatrixProductTests.FormatsAndKernels();

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void A_batch_gives_bitwise_what_each_activation_row_alone_gives(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        KernelSet set = Enum.Parse<KernelSet>(kernels);
        Gen.Select(Gen.Int[1, 75], Gen.Int[1, 1300], Gen.Int[1, 150]).Sample(
            (rows, width, n) =>
            {
                int columns = Sample.Whole(format, width);
                Matrix weights = Sample.Matrix(format, rows, columns, seed: 3);
                float[] x = Sample.Values(n * columns, seed: 4);
                float[] expected = new float[n * rows];
                for (int i = 0; i < n; i++)
                {
                    float[] alone = Multiply(weights, x.AsSpan(i * columns, columns), 1, set, threads: 1);
                    alone.CopyTo(expected, i * rows);
                }
                AssertBitwise(expected, Multiply(weights, x, n, set, threads: 1));
            },
            iter: 6,
            threads: 1);
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void Seventeen_rows_and_three_threads_change_no_bit(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        KernelSet set = Enum.Parse<KernelSet>(kernels);
        foreach (int n in new[] { 1, 3, 17 })
        {
            int columns = Sample.Whole(format, 999);
            Matrix weights = Sample.Matrix(format, 107, columns, seed: 5);
            float[] x = Sample.Values(n * columns, seed: 6);
            AssertBitwise(Multiply(weights, x, n, set, threads: 1), Multiply(weights, x, n, set, threads: 3));
        }
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void Row_ranges_put_together_give_bitwise_the_whole(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        using ActivationBuffer scratch = new(6, 512, Enum.Parse<KernelSet>(kernels));
        Matrix weights = Sample.Matrix(format, 90, 512, seed: 7);
        float[] x = Sample.Values(6 * 512, seed: 8);
        Gen.Select(Gen.Int[0, 90], Gen.Int[0, 90], Gen.Int[1, 6]).Sample(
            (a, b, n) =>
            {
                float[] whole = new float[n * 90];
                float[] parts = new float[n * 90];
                fixed (float* source = x, first = whole, second = parts)
                {
                    scratch.Prepare(source, n, 512, 512, format.Activations, 0, 1);
                    MatrixProduct.MultiplyRows(weights, scratch, 0, 90, first, 90);
                    foreach ((int start, int end) in new[] { (0, Math.Min(a, b)), (Math.Min(a, b), Math.Max(a, b)), (Math.Max(a, b), 90) })
                    {
                        MatrixProduct.MultiplyRows(weights, scratch, start, end, second, 90);
                    }
                }
                AssertBitwise(whole, parts);
            },
            iter: 40,
            threads: 1);
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void A_gathered_product_gives_bitwise_the_rows_that_the_table_names(string formatName, string kernels)
    {
        const int Rows = 40;
        StorageFormat format = StorageFormats.ByName(formatName);
        int columns = Sample.Whole(format, 96);
        using ActivationBuffer scratch = new(30, columns, Enum.Parse<KernelSet>(kernels));
        Matrix[] experts = [.. Enumerable.Range(0, 4).Select(e => Sample.Matrix(format, Rows, columns, (ulong)e))];
        int[] offsets = [0, 11, 11, 12, 20];
        int[] tokens = [29, 3, 3, 0, 7, 8, 1, 2, 15, 16, 28, 5, 29, 0, 1, 9, 10, 11, 12, 4];
        float[] x = Sample.Values(30 * columns, seed: 9);
        float[] y = new float[20 * Rows];
        fixed (float* source = x, target = y)
        fixed (int* table = tokens)
        {
            scratch.Prepare(source, 30, columns, columns, format.Activations, 0, 1);
            for (int worker = 0; worker < 3; worker++)
            {
                MatrixProduct.MultiplyGathered(experts, offsets, scratch, table, target, Rows, worker, 3);
            }
        }
        for (int e = 0; e < experts.Length; e++)
        {
            for (int i = offsets[e]; i < offsets[e + 1]; i++)
            {
                float[] expected = Multiply(experts[e], x.AsSpan(tokens[i] * columns, columns), 1, Enum.Parse<KernelSet>(kernels), threads: 1);
                AssertBitwise(expected, y.AsSpan(i * Rows, Rows));
            }
        }
    }

    public static TheoryData<string> QuantizedFormats =>
        [.. StorageFormats.All.Where(format => format.Activations == ActivationForms.Quantized8).Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(QuantizedFormats))]
    public void Quantized_products_are_the_same_with_every_kernel_set(string formatName)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        Matrix weights = Sample.Matrix(format, 50, Sample.Whole(format, 32 * 21), seed: 10);
        float[] x = Sample.Values(7 * weights.Columns, seed: 11);
        Assert.SkipUnless(System.Runtime.Intrinsics.X86.Fma.IsSupported, "without fused multiply-add each set rounds its own way");
        float[] expected = Multiply(weights, x, 7, KernelSet.Portable, threads: 1);
        foreach (KernelSet set in Enum.GetValues<KernelSet>().Where(KernelSets.Supports))
        {
            AssertBitwise(expected, Multiply(weights, x, 7, set, threads: 1));
        }
    }

    internal static float[] Multiply(
        Matrix weights, ReadOnlySpan<float> x, int n, KernelSet kernels, int threads, ActivationPrecision precision = ActivationPrecision.Rounded)
    {
        float[] y = new float[n * weights.Rows];
        using WorkerTeam team = new(threads);
        using ActivationBuffer scratch = new(n, weights.Columns, kernels, precision);
        fixed (float* source = x, target = y)
        {
            MatrixProduct.Multiply(team, weights, source, n, target, scratch);
        }
        return y;
    }

    private static void AssertBitwise(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"Element {i} is {actual[i]:R}, expected {expected[i]:R}.");
            }
        }
    }
}
