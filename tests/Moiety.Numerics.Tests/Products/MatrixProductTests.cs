using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Numerics.Tests.Products;

public sealed unsafe class MatrixProductTests
{
    public static TheoryData<string, string> FormatsAndKernels()
    {
        TheoryData<string, string> data = [];
        foreach (StorageFormat format in StorageFormats.All)
        {
            foreach (KernelSet set in Enum.GetValues<KernelSet>())
            {
                if (KernelSets.Supports(set))
                {
                    data.Add(format.Name, set.ToString());
                }
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void A_product_equals_the_double_precision_reference(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        foreach ((int rows, int columns, int n) in new[] { (1, 32, 1), (5, 64, 3), (70, 320, 9), (33, 1056, 21) })
        {
            Matrix weights = Sample.Matrix(format, rows, columns, seed: 1);
            float[] x = Sample.Values(n * columns, seed: 2);
            float[] y = Multiply(weights, x, n, Enum.Parse<KernelSet>(kernels), threads: 2);
            float[] w = Sample.Decode(weights);
            float[] used = RoundedAsPrepared(format, x);
            for (int i = 0; i < n; i++)
            {
                for (int row = 0; row < rows; row++)
                {
                    ReadOnlySpan<float> a = w.AsSpan(row * columns, columns);
                    ReadOnlySpan<float> b = used.AsSpan(i * columns, columns);
                    Assert.Equal(Sample.Dot(a, b), y[(i * rows) + row], 1e-6 * (Sample.Magnitude(a, b) + 1e-3));
                }
            }
        }
    }

    private static float[] Multiply(Matrix weights, float[] x, int n, KernelSet kernels, int threads)
    {
        float[] y = new float[n * weights.Rows];
        using WorkerTeam team = new(threads);
        using ActivationBuffer scratch = new(n, weights.Columns, kernels);
        fixed (float* source = x, target = y)
        {
            MatrixProduct.Multiply(team, weights, source, n, target, scratch);
        }
        return y;
    }

    /// <summary>Quantized weights see the activations rounded to Q8_0.</summary>
    private static float[] RoundedAsPrepared(StorageFormat format, float[] x)
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
