using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Tests.Products;

public sealed unsafe class MatrixProductTests
{
    public static TheoryData<string, string> FormatsAndKernels()
    {
        TheoryData<string, string> data = [];
        foreach (StorageFormat format in StorageFormats.All)
        {
            foreach (KernelSet set in Enum.GetValues<KernelSet>().Where(KernelSets.Supports))
            {
                data.Add(format.Name, set.ToString());
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void A_product_equals_the_double_precision_reference(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        foreach ((int rows, int width, int n) in new[] { (1, 32, 1), (5, 64, 3), (70, 320, 9), (33, 1056, 21), (40, 2080, 66) })
        {
            int columns = Sample.Whole(format, width);
            Matrix weights = Sample.Matrix(format, rows, columns, seed: 1);
            float[] x = Sample.Values(n * columns, seed: 2);
            float[] y = InvarianceTests.Multiply(weights, x, n, Enum.Parse<KernelSet>(kernels), threads: 1);
            AssertClose(Sample.Decode(weights), RoundedAsPrepared(format, x), columns, y, rows);
        }
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void Single_precision_rounds_no_activation(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        foreach ((int rows, int width, int n) in new[] { (5, 64, 3), (33, 608, 21) })
        {
            int columns = Sample.Whole(format, width);
            Matrix weights = Sample.Matrix(format, rows, columns, seed: 1);
            float[] x = Sample.Values(n * columns, seed: 2);
            float[] y = InvarianceTests.Multiply(weights, x, n, Enum.Parse<KernelSet>(kernels), threads: 1, ActivationPrecision.Single);
            AssertClose(Sample.Decode(weights), x, columns, y, rows);
            float[] alone = InvarianceTests.Multiply(weights, x.AsSpan(0, columns), 1, Enum.Parse<KernelSet>(kernels), threads: 1, ActivationPrecision.Single);
            Assert.Equal(alone, y.AsSpan(0, rows).ToArray());
        }
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F8_E4M3")]
    public void Any_width_is_right_for_formats_without_blocks(string formatName)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        foreach (KernelSet set in Enum.GetValues<KernelSet>().Where(KernelSets.Supports))
        {
            for (int columns = 1; columns < 70; columns++)
            {
                Matrix weights = Sample.Matrix(format, 6, columns, seed: 1);
                float[] x = Sample.Values(5 * columns, seed: 2);
                AssertClose(Sample.Decode(weights), x, columns, InvarianceTests.Multiply(weights, x, 5, set, threads: 1), 6);
                float[] alone = InvarianceTests.Multiply(weights, x.AsSpan(0, columns), 1, set, threads: 1);
                AssertClose(Sample.Decode(weights), x.AsSpan(0, columns).ToArray(), columns, alone, 6);
            }
        }
    }

    [Fact]
    public void The_extreme_quantized_values_do_not_saturate()
    {
        // All weights −128 (no quantizer writes that, a hostile file may), all activations ±127.
        const int Columns = 256;
        using AlignedBuffer memory = new(StorageFormats.Q8_0.RowBytes(Columns));
        for (int b = 0; b < Columns / 32; b++)
        {
            *(Half*)(memory.Pointer + (b * 34)) = Half.One;
            new Span<sbyte>(memory.Pointer + (b * 34) + 2, 32).Fill(-128);
        }
        Matrix weights = new(StorageFormats.Q8_0, 1, Columns, memory.Pointer, memory);
        foreach (KernelSet set in Enum.GetValues<KernelSet>().Where(KernelSets.Supports))
        {
            foreach (int n in new[] { 1, 4 })
            {
                float[] x = new float[n * Columns];
                Array.Fill(x, -127);
                Assert.All(InvarianceTests.Multiply(weights, x, n, set, 1), value => Assert.Equal(128 * 127 * Columns, value));
            }
        }
    }

    [Fact]
    public void NaN_and_infinity_in_the_weights_reach_the_output()
    {
        foreach (string name in new[] { "F32", "F16", "BF16" })
        {
            StorageFormat format = StorageFormats.ByName(name);
            foreach (KernelSet set in Enum.GetValues<KernelSet>().Where(KernelSets.Supports))
            {
                using AlignedBuffer memory = new(format.RowBytes(64) * 4);
                float[] values = new float[4 * 64];
                (values[5], values[64 + 40], values[128 + 63]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
                format.Quantize(values, memory.Span<byte>(0, (int)memory.ByteLength));
                float[] x = new float[64];
                Array.Fill(x, 1);
                float[] y = InvarianceTests.Multiply(new Matrix(format, 4, 64, memory.Pointer, memory), x, 1, set, 1);
                Assert.Equal([float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0], y);
            }
        }
    }

    [Fact]
    public void Shapes_that_clash_are_named()
    {
        using ActivationBuffer activations = new(4, 64);
        Matrix weights = Sample.Matrix(StorageFormats.Q8_0, 8, 96, seed: 1);
        float[] values = new float[4 * 96];
        fixed (float* x = values)
        {
            float* pointer = x;
            Assert.Contains("[4, 2048]", Assert.Throws<ArgumentException>(() => activations.Prepare(pointer, 4, 2048, 2048, ActivationForms.Single, 0, 1)).Message);
            Assert.Contains("[5, 64]", Assert.Throws<ArgumentException>(() => activations.Prepare(pointer, 5, 64, 64, ActivationForms.Single, 0, 1)).Message);
            Assert.Contains("multiple of 32", Assert.Throws<ArgumentException>(() => activations.Prepare(pointer, 4, 40, 40, ActivationForms.Quantized8, 0, 1)).Message);
            Assert.Contains("overlap", Assert.Throws<ArgumentException>(() => activations.Prepare(pointer, 4, 64, 63, ActivationForms.Single, 0, 1)).Message);
            activations.Prepare(pointer, 4, 64, 64, ActivationForms.Quantized8, 0, 1);
            string message = Assert.Throws<ArgumentException>(() => MatrixProduct.MultiplyRows(weights, activations, 0, 8, pointer, 8)).Message;
            Assert.Contains("[8, 96]", message);
            Assert.Contains("[4, 64]", message);
        }
    }

    [Fact]
    public void Ranges_forms_and_tables_that_do_not_fit_are_refused()
    {
        using ActivationBuffer activations = new(4, 64);
        Matrix weights = Sample.Matrix(StorageFormats.Q8_0, 8, 64, seed: 1);
        float[] values = new float[4 * 96];
        int[] table = [0, 4];
        fixed (float* x = values)
        fixed (int* tokens = table)
        {
            float* pointer = x;
            int* bad = tokens;
            activations.Prepare(pointer, 4, 64, 64, ActivationForms.Single, 0, 1);
            Assert.Contains("Quantized8", Assert.Throws<ArgumentException>(() => MatrixProduct.MultiplyRows(weights, activations, 0, 8, pointer, 8)).Message);
            activations.Prepare(pointer, 4, 64, 64, ActivationForms.Quantized8, 0, 1);
            Assert.Throws<ArgumentException>(() => MatrixProduct.MultiplyRows(weights, activations, 0, 9, pointer, 9));
            Assert.Throws<ArgumentException>(() => MatrixProduct.MultiplyRows(weights, activations, 5, 4, pointer, 8));
            Assert.Throws<ArgumentException>(() => MatrixProduct.MultiplyRows(weights, activations, 0, 8, pointer, 7));
            string message = Assert.Throws<ArgumentException>(
                () => MatrixProduct.MultiplyGathered(weights, activations, bad, 0, 2, 0, 8, pointer, 8)).Message;
            Assert.Contains("activation row 4", message);
            Assert.Throws<ArgumentException>(() => MatrixProduct.MultiplyGathered(weights, activations, null, 3, 2, 0, 8, pointer, 8));
            Assert.Throws<ArgumentException>(
                () => MatrixProduct.MultiplyGathered(new[] { weights }, new[] { 0 }, activations, bad, pointer, 8, 0, 1));
        }
    }

    private static void AssertClose(float[] w, float[] x, int columns, float[] y, int rows)
    {
        for (int i = 0; i < x.Length / columns; i++)
        {
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> a = w.AsSpan(row * columns, columns);
                ReadOnlySpan<float> b = x.AsSpan(i * columns, columns);
                Assert.Equal(Sample.Dot(a, b), y[(i * rows) + row], 1e-6 * (Sample.Magnitude(a, b) + 1e-3));
            }
        }
    }

    /// <summary>Quantized weights see the activations rounded to Q8_0.</summary>
    internal static float[] RoundedAsPrepared(StorageFormat format, float[] x)
    {
        if (format.Activations == ActivationForms.Single)
        {
            return x;
        }
        byte[] blocks = new byte[StorageFormats.Q8_0.RowBytes(x.Length)];
        float[] rounded = new float[x.Length];
        StorageFormats.Q8_0.Quantize(x, blocks);
        StorageFormats.Q8_0.Dequantize(blocks, rounded);
        return rounded;
    }
}
