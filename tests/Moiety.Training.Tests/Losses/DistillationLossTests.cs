using CsCheck;
using Moiety.Training.Losses;
using Moiety.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Losses;

public class DistillationLossTests
{
    public DistillationLossTests() => TorchLibrary.EnsureLoaded();

    [Fact]
    public void Loss_and_gradient_are_the_definition_in_double_precision() =>
        Gen.Select(Gen.Int[1, 70], Gen.OneOf(Gen.Const(0.5), Gen.Const(1.0), Gen.Const(2.0)), Gen.Double[0, 3], Gen.ULong).Sample((width, temperature, weight, seed) =>
        {
            using DisposeScope scope = NewDisposeScope();
            Random random = new((int)(seed % int.MaxValue));
            const int Rows = 3;
            float[] student = Draw(random, Rows * width);
            float[] teacher = Draw(random, Rows * (width + 2));
            long[] labels = [.. Enumerable.Range(0, Rows).Select(_ => (long)random.Next(width))];
            Tensor logits = tensor((float[])student.Clone(), Rows, width);
            (double crossEntropy, double distillation) = DistillationLoss.SumAndGradientInPlace(logits, tensor(teacher, Rows, width + 2), tensor(labels), weight, temperature, 0.25);
            float[] gradient = logits.data<float>().ToArray();

            double expectedCrossEntropy = 0;
            double expectedDistillation = 0;
            for (int row = 0; row < Rows; row++)
            {
                double[] z = [.. student.Skip(row * width).Take(width).Select(value => (double)value)];
                double[] p = Softmax(z, 1);
                double[] q = Softmax(z, temperature);
                double[] t = Softmax([.. teacher.Skip(row * (width + 2)).Take(width).Select(value => (double)value)], temperature);
                expectedCrossEntropy -= Math.Log(p[labels[row]]);
                expectedDistillation += temperature * temperature * Enumerable.Range(0, width).Sum(i => t[i] * (Math.Log(t[i]) - Math.Log(q[i])));
                for (int i = 0; i < width; i++)
                {
                    double right = 0.25 * (p[i] - (i == labels[row] ? 1 : 0) + (weight * temperature * (q[i] - t[i])));
                    Assert.Equal(right, gradient[(row * width) + i], 5e-6);
                }
            }

            Assert.Equal(expectedCrossEntropy, crossEntropy, 1e-4);
            Assert.Equal(expectedDistillation, distillation, 1e-4);
        }, iter: 300);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0.5)]
    public void The_gradient_by_hand_is_that_of_autograd(double temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        Tensor logits = (randn(7, 43) * 3).detach().requires_grad_();
        Tensor teacher = randn(7, 43) * 3;
        Tensor labels = tensor(new long[] { 0, 42, 3, 3, 9, 1, 15 });
        Tensor target = nn.functional.log_softmax(teacher / temperature, 1);
        Tensor kl = (target.exp() * (target - nn.functional.log_softmax(logits / temperature, 1))).sum() * (temperature * temperature);
        Tensor loss = CrossEntropyLoss.Sum(logits, labels) + (kl * 0.7);
        (loss * 0.25).backward();

        Tensor inPlace = logits.detach().clone();
        (double crossEntropy, double distillation) = DistillationLoss.SumAndGradientInPlace(inPlace, teacher, labels, 0.7, temperature, 0.25);
        Assert.Equal(loss.ToDouble(), crossEntropy + (0.7 * distillation), 3);
        Assert.Equal(kl.ToDouble(), distillation, 3);
        Assert.True((inPlace - logits.grad!).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void Two_bytes_per_logit_give_the_same_up_to_their_rounding()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(2);
        Tensor student = (randn(5, 37) * 3).bfloat16();
        Tensor teacher = (randn(5, 37) * 3).bfloat16();
        Tensor labels = tensor(new long[] { 0, 36, 3, 3, 9 });
        Tensor wide = student.to(ScalarType.Float32);
        (double crossEntropy, double distillation) = DistillationLoss.SumAndGradientInPlace(wide, teacher.to(ScalarType.Float32), labels, 1, 2, 1);
        (double narrowCrossEntropy, double narrowDistillation) = DistillationLoss.SumAndGradientInPlace(student, teacher, labels, 1, 2, 1);
        Assert.Equal(crossEntropy, narrowCrossEntropy);
        Assert.Equal(distillation, narrowDistillation);
        Assert.True((wide.bfloat16() - student).abs().max().ToDouble() == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_teacher_that_says_what_the_student_says_adds_nothing(double temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(3);
        Tensor logits = randn(9, 53) * 4;
        Tensor labels = arange(9, dtype: ScalarType.Int64);
        Tensor with = logits.clone();
        (_, double distillation) = DistillationLoss.SumAndGradientInPlace(with, logits.clone(), labels, 5, temperature, 1);
        Tensor without = logits.clone();
        DistillationLoss.SumAndGradientInPlace(without, randn(9, 53), labels, 0, temperature, 1);
        Assert.Equal(0, distillation);
        Assert.Equal(without.data<float>().ToArray(), with.data<float>().ToArray());
    }

    [Fact]
    public void Without_weight_it_is_the_cross_entropy()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(4);
        Tensor logits = randn(200, 41) * 4;
        Tensor labels = arange(200, dtype: ScalarType.Int64).remainder(41);
        Tensor plain = logits.clone();
        double expected = CrossEntropyLoss.SumAndGradientInPlace(plain, labels, 0.5);
        Assert.Equal(expected, DistillationLoss.SumAndGradientInPlace(logits, randn(200, 41), labels, 0, 1, 0.5).CrossEntropy, 1e-4);
        Assert.True((logits - plain).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void Huge_logits_and_tokens_that_a_teacher_rules_out_are_finite()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = tensor(new float[] { 3e4f, -3e4f, 0 }, 1, 3);
        Tensor teacher = tensor(new float[] { float.NegativeInfinity, 0, 0 }, 1, 3);
        (double crossEntropy, double distillation) = DistillationLoss.SumAndGradientInPlace(logits, teacher, tensor(new long[] { 1 }), 1, 1, 1);
        Assert.Equal(6e4, crossEntropy, 1);
        Assert.Equal(45000 - Math.Log(2), distillation, 1);
        Assert.Equal([2f, -1.5f, -0.5f], logits.data<float>().ToArray());
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * 12))];

    private static double[] Softmax(double[] logits, double temperature)
    {
        double max = logits.Max();
        double[] exponentials = [.. logits.Select(value => Math.Exp((value - max) / temperature))];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }
}
