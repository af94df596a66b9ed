using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Tests.Kernels;

/// <summary>Activation functions and layer normalization against their formulas in double precision.</summary>
public sealed class ActivationKernelTests
{
    private delegate void Kernel(ReadOnlySpan<float> x, Span<float> output);

    private delegate void GateKernel(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output);

    private static IEnumerable<int> Widths => Enumerable.Range(0, 50).Append(257);

    [Fact]
    public void The_normal_distribution_is_within_1e_7_everywhere()
    {
        double worst = 0;
        for (double x = -7; x < 7; x += 1.0 / 4096)
        {
            float value = ErrorFunction.Complement(Vector512.Create((float)x))[3];
            worst = Math.Max(worst, Math.Abs(1 - Erf((float)x) - value));
        }

        // GELU takes half of it.
        Assert.InRange(worst / 2, 0, 1e-7);
        Assert.Equal(0, ErrorFunction.Complement(Vector512.Create(float.PositiveInfinity))[0]);
        Assert.Equal(2, ErrorFunction.Complement(Vector512.Create(float.NegativeInfinity))[0]);
        Assert.Equal(1, ErrorFunction.Complement(Vector512<float>.Zero)[0]);
        Assert.True(float.IsNaN(ErrorFunction.Complement(Vector512.Create(float.NaN))[0]));
    }

    [Fact]
    public void Activations_equal_their_formulas()
    {
        CheckAll(Gelu.Apply, x => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))));
        CheckAll(GeluTanh.Apply, x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
        CheckAll(Relu.Apply, x => Math.Max(x, 0));
        CheckAll(Relu.ApplySquared, x => Math.Max(x, 0) * Math.Max(x, 0));
        CheckAll(Sigmoid.Apply, x => 1 / (1 + Math.Exp(-x)));
    }

    [Fact]
    public void Gates_equal_their_formulas()
    {
        CheckAll(Gelu.Gate, (gate, up) => 0.5 * gate * (1 + Erf(gate / Math.Sqrt(2))) * up);
        CheckAll(GeluTanh.Gate, (gate, up) => 0.5 * gate * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (gate + 0.044715 * gate * gate * gate))) * up);
        CheckAll(ClampedSiluGate.Apply, (gate, up) =>
        {
            double g = Math.Min(gate, 7);
            return (Math.Clamp(up, -7, 7) + 1) * g / (1 + Math.Exp(-1.702 * g));
        });
    }

    [Fact]
    public void Activations_of_huge_values_are_their_limits()
    {
        float[] huge = [-1e30f, -200, 200, 1e30f];
        foreach (Kernel kernel in (Kernel[])[Gelu.Apply, GeluTanh.Apply, Relu.Apply])
        {
            float[] output = new float[huge.Length];
            kernel(huge, output);
            Assert.Equal([0, 0, 200, 1e30f], output.Select(value => value == 0 ? 0 : value));
        }
    }

    [Fact]
    public void Layer_norm_equals_its_formula_with_and_without_parameters()
    {
        foreach (int n in Widths.Skip(1))
        {
            // A mean far from zero: a one-pass variance would lose its digits.
            float[] x = [.. Sample.Values(n, 3).Select(value => value + 100)];
            float[] weight = Sample.Values(n, 4);
            float[] bias = Sample.Values(n, 5);
            double mean = x.Average(value => (double)value);
            double deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + 1e-5f);
            foreach ((float[] gains, float[] shifts) in ((float[], float[])[])[(weight, bias), (weight, []), ([], [])])
            {
                float[] y = [.. x];
                LayerNorm.Apply(y, gains, shifts, 1e-5f, y);
                for (int i = 0; i < n; i++)
                {
                    double expected = (x[i] - mean) / deviation * (gains.Length > 0 ? gains[i] : 1) + (shifts.Length > 0 ? shifts[i] : 0);
                    Assert.Equal(expected, y[i], 1e-4);
                }
            }
        }
    }

    [Fact]
    public void Lengths_that_differ_are_refused()
    {
        float[] two = new float[2];
        float[] three = new float[3];
        Assert.Throws<ArgumentException>(() => Gelu.Apply(two, three));
        Assert.Throws<ArgumentException>(() => Gelu.Gate(two, three, two));
        Assert.Throws<ArgumentException>(() => GeluTanh.Gate(two, two, three));
        Assert.Throws<ArgumentException>(() => ClampedSiluGate.Apply(two, three, two));
        Assert.Throws<ArgumentException>(() => LayerNorm.Apply(two, three, [], 1e-5f, two));
        Assert.Throws<ArgumentException>(() => LayerNorm.Apply(two, two, three, 1e-5f, two));
    }

    private static void CheckAll(Kernel kernel, Func<double, double> formula)
    {
        foreach (int n in Widths)
        {
            float[] x = [.. Sample.Values(n, 6).Select(value => 12 * value)];
            float[] output = [.. x];
            kernel(output, output);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(formula(x[i]), output[i], 3e-7 * (1 + x[i] * x[i]));
            }
        }
    }

    private static void CheckAll(GateKernel kernel, Func<double, double, double> formula)
    {
        foreach (int n in Widths)
        {
            float[] gate = [.. Sample.Values(n, 7).Select(value => 12 * value)];
            float[] up = [.. Sample.Values(n, 8).Select(value => 12 * value)];
            float[] output = new float[n];
            kernel(gate, up, output);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(formula(gate[i], up[i]), output[i], 3e-7 * (1 + Math.Abs(gate[i] * up[i]) + Math.Abs(gate[i])));
            }
        }
    }

    /// <summary>2/√π times the integral of e^(−t²), by its power series; all terms are positive (Abramowitz and Stegun 7.1.6).</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }
        double term = x;
        double sum = x;
        for (int index = 1; index < 200; index++)
        {
            term *= 2 * x * x / (2 * index + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
