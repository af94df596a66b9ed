using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Tests.Kernels;

/// <summary>Element-wise kernels against scalar loops in double precision, at every length around the vector widths.</summary>
public sealed class VectorKernelTests
{
    private static IEnumerable<int> Widths => Enumerable.Range(0, 70).Append(257).Append(1000);

    [Fact]
    public void Dot_axpy_add_and_scale_equal_scalar_loops()
    {
        foreach (int n in Widths)
        {
            float[] x = Sample.Values(n, 1);
            float[] y = Sample.Values(n, 2);
            Assert.Equal(Sample.Dot(x, y), VectorMath.Dot(x, y), 1e-6 * (1 + n));
            float[] z = [.. y];
            VectorMath.Axpy(0.7f, x, z);
            float[] sum = new float[n];
            VectorMath.Add(x, y, sum);
            float[] scaled = new float[n];
            VectorMath.Scale(0.7f, x, scaled);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal((0.7f * (double)x[i]) + y[i], z[i], 2e-7);
                Assert.Equal(x[i] + y[i], sum[i]);
                Assert.Equal(0.7f * x[i], scaled[i]);
            }
        }
    }

    [Fact]
    public void Rms_norm_equals_its_formula()
    {
        foreach (int n in Widths.Skip(1))
        {
            float[] x = Sample.Values(n, 3);
            float[] weight = Sample.Values(n, 4);
            float[] y = new float[n];
            RmsNorm.Apply(x, weight, 1e-5f, y);
            double root = Math.Sqrt((Sample.Dot(x, x) / n) + 1e-5f);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(x[i] / root * weight[i], y[i], 1e-6);
            }
            RmsNorm.Apply(x, weight, 1e-5f, x);
            Assert.Equal(y, x);
        }
    }

    [Fact]
    public void Softmax_equals_its_formula_and_sums_to_one()
    {
        foreach (int n in Widths.Skip(1))
        {
            float[] x = [.. Sample.Values(n, 5).Select(value => value * 30)];
            float[] y = [.. x];
            Softmax.Apply(y);
            double max = x.Max();
            double sum = x.Sum(value => Math.Exp(value - max));
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(Math.Exp(x[i] - max) / sum, y[i], 1e-6);
            }
            Assert.Equal(1, y.Sum(value => (double)value), 1e-6);
        }
        Softmax.Apply([]);
    }

    [Fact]
    public void Softmax_gives_masked_elements_exactly_nothing()
    {
        float[] x = [1000, float.NegativeInfinity, 1000, -1000, .. Enumerable.Repeat(float.NegativeInfinity, 30)];
        Softmax.Apply(x);
        Assert.Equal([0.5f, 0, 0.5f, 0, .. new float[30]], x);
    }

    [Fact]
    public void Softmax_of_a_vector_does_not_depend_on_masked_elements_behind_it()
    {
        float[] x = Sample.Values(40, 6);
        float[] longer = [.. x, .. Enumerable.Repeat(float.NegativeInfinity, 25)];
        Softmax.Apply(x);
        Softmax.Apply(longer);
        Assert.Equal(x, longer[..40]);
    }

    [Fact]
    public void Softmax_with_a_sink_is_the_softmax_with_one_more_element()
    {
        foreach (int n in Widths.Skip(1))
        {
            foreach (float sink in (float[])[-40, 0.3f, 25])
            {
                float[] x = [.. Sample.Values(n, 7).Select(value => value * 10)];
                double max = Math.Max(sink, x.Max());
                double sum = x.Sum(value => Math.Exp(value - max)) + Math.Exp(sink - max);
                float[] y = [.. x];
                Softmax.Apply(y, sink);
                for (int i = 0; i < n; i++)
                {
                    Assert.Equal(Math.Exp(x[i] - max) / sum, y[i], 1e-6);
                }
            }
            float[] none = [.. Sample.Values(n, 7)];
            float[] plain = [.. none];
            Softmax.Apply(none, float.NegativeInfinity);
            Softmax.Apply(plain);
            Assert.Equal(plain, none);
        }
        float[] masked = [float.NegativeInfinity, float.NegativeInfinity];
        Softmax.Apply(masked, 0.5f);
        Assert.Equal([0, 0], masked);
    }

    [Fact]
    public void Soft_cap_equals_its_formula_wherever_an_element_stands()
    {
        foreach (int n in Widths)
        {
            foreach (float cap in (float[])[1, 50])
            {
                float[] x = [.. Sample.Values(n, 8).Select((value, i) => value * cap * (i % 7))];
                float[] y = [.. x];
                SoftCap.Apply(y, cap);
                for (int i = 0; i < n; i++)
                {
                    double expected = cap * Math.Tanh(x[i] / (double)cap);
                    Assert.Equal(expected, y[i], 4e-7 * Math.Abs(expected));
                    float[] alone = [x[i]];
                    SoftCap.Apply(alone, cap);
                    Assert.Equal(alone[0], y[i]);
                }
            }
        }
        float[] ends = [float.NegativeInfinity, -1e30f, 0, 1e30f, float.PositiveInfinity];
        SoftCap.Apply(ends, 30);
        Assert.Equal([-30, -30, 0, 30, 30], ends);
    }

    [Fact]
    public void Clamp_keeps_what_is_between()
    {
        float[] x = [-3, -1, -0.5f, 0, 0.5f, 1, 7, .. Enumerable.Repeat(-9f, 40)];
        VectorMath.Clamp(-1, 0.5f, x);
        Assert.Equal([-1, -1, -0.5f, 0, 0.5f, 0.5f, 0.5f, .. Enumerable.Repeat(-1f, 40)], x);
    }

    [Fact]
    public void Silu_gate_equals_its_formula()
    {
        foreach (int n in Widths)
        {
            float[] gate = [.. Sample.Values(n, 7).Select(value => value * 20)];
            float[] up = Sample.Values(n, 8);
            float[] y = new float[n];
            SiluGate.Apply(gate, up, y);
            for (int i = 0; i < n; i++)
            {
                double expected = gate[i] / (1 + Math.Exp(-(double)gate[i])) * up[i];
                Assert.Equal(expected, y[i], 1e-6 * (1 + Math.Abs(expected)));
            }
        }
        float[] ends = [-200, 200];
        SiluGate.Apply(ends, [1, 1], ends);
        Assert.Equal([0, 200], [MathF.Abs(ends[0]), ends[1]]);
    }

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place()
    {
        float[] x = new float[400_000];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = -87 + (i * (175.7f / x.Length));
        }
        float[] y = new float[x.Length];
        VectorMath.Exp(x, y);
        double worst = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Math.Exp(x[i]);
            double unit = MathF.BitIncrement((float)expected) - (double)(float)expected;
            worst = Math.Max(worst, Math.Abs(y[i] - expected) / unit);
        }
        Assert.InRange(worst, 0, 2);
    }

    [Fact]
    public void Exp_keeps_its_special_values()
    {
        float[] x = [0, float.NegativeInfinity, float.PositiveInfinity, float.NaN, 89, -104, -90, 88.72f];
        float[] y = new float[x.Length];
        VectorMath.Exp(x, y);
        Assert.Equal([1, 0, float.PositiveInfinity, float.NaN, float.PositiveInfinity, 0], y[..6]);
        Assert.Equal(MathF.Exp(-90), y[6], 1e-44f);
        Assert.Equal(1, y[7] / MathF.Exp(88.72f), 1e-6f);
    }

    [Fact]
    public void Rotations_turn_the_right_pairs()
    {
        for (int half = 1; half < 70; half++)
        {
            float[] angles = Sample.Values(half, 9);
            float[] cos = [.. angles.Select(MathF.Cos)];
            float[] sin = [.. angles.Select(MathF.Sin)];
            float[] x = Sample.Values((2 * half) + 3, 10);
            float[] halves = [.. x];
            float[] pairs = [.. x];
            Rotary.RotateHalves(halves, cos, sin);
            Rotary.RotatePairs(pairs, cos, sin);
            for (int i = 0; i < half; i++)
            {
                AssertTurned(x[i], x[i + half], halves[i], halves[i + half], angles[i]);
                AssertTurned(x[2 * i], x[(2 * i) + 1], pairs[2 * i], pairs[(2 * i) + 1], angles[i]);
            }
            Assert.Equal(x[(2 * half)..], halves[(2 * half)..]);
            Assert.Equal(x[(2 * half)..], pairs[(2 * half)..]);
        }
    }

    [Fact]
    public void Lengths_that_differ_are_named()
    {
        float[] five = new float[5];
        float[] six = new float[6];
        Action[] calls =
        [
            () => VectorMath.Dot(five, six),
            () => VectorMath.Axpy(1, five, six),
            () => VectorMath.Add(five, five, six),
            () => VectorMath.Scale(1, five, six),
            () => VectorMath.Exp(five, six),
            () => RmsNorm.Apply(five, six, 0, five),
            () => SiluGate.Apply(five, five, six),
            () => Rotary.RotateHalves(new float[12], five, six),
        ];
        foreach (Action call in calls)
        {
            string message = Assert.Throws<ArgumentException>(call).Message;
            Assert.Contains("5", message);
            Assert.Contains("6", message);
        }
        Assert.Contains("12 elements, the head has 6", Assert.Throws<ArgumentException>(() => Rotary.RotatePairs(six, six, six)).Message);
    }

    private static void AssertTurned(double a, double b, double turnedA, double turnedB, double angle)
    {
        Assert.Equal((a * Math.Cos(angle)) - (b * Math.Sin(angle)), turnedA, 1e-6);
        Assert.Equal((b * Math.Cos(angle)) + (a * Math.Sin(angle)), turnedB, 1e-6);
    }
}
