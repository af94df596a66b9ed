using CsCheck;
using Moiety.Training.Losses;
using Moiety.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Losses;

public class TruncatedDistillationLossTests
{
    private const int Rows = 3;

    public TruncatedDistillationLossTests() => TorchLibrary.EnsureLoaded();

    [Fact]
    public void Loss_and_gradient_are_the_definition_in_double_precision() =>
        Gen.Select(Gen.Int[2, 60], Gen.Int[1, 60], Gen.OneOf(Gen.Const(0.5), Gen.Const(1.0), Gen.Const(2.0)), Gen.Int[0, 10000]).Sample((width, wanted, temperature, seed) =>
        {
            using DisposeScope scope = NewDisposeScope();
            int top = Math.Min(wanted, width);
            Random random = new(seed);
            double[][] student = [.. Enumerable.Range(0, Rows).Select(_ => Draw(random, width))];
            double[][] teacher = [.. Enumerable.Range(0, Rows).Select(_ => Softmax(Draw(random, width), temperature))];
            int[][] kept = [.. teacher.Select(row => Enumerable.Range(0, width).OrderByDescending(id => row[id]).Take(top).Order().ToArray())];
            long[] labels = [.. Enumerable.Range(0, Rows).Select(_ => (long)random.Next(width))];

            // A row before, to see that rows are counted from the given one.
            TeacherRows answers = Pack([teacher[0], .. teacher], [kept[0], .. kept], top, width);
            Tensor logits = tensor(student.SelectMany(row => row.Select(value => (float)value)).ToArray(), Rows, width);
            (double crossEntropy, double distillation) = TruncatedDistillationLoss.SumAndGradientInPlace(logits, answers, 1, tensor(labels), 0.7, temperature, 0.25);
            float[] gradient = logits.data<float>().ToArray();

            double expectedCrossEntropy = 0;
            double expectedDistillation = 0;
            for (int row = 0; row < Rows; row++)
            {
                double[] p = Softmax(student[row], 1);
                double[] q = Softmax(student[row], temperature);
                double[] t = teacher[row];
                bool[] known = [.. Enumerable.Range(0, width).Select(id => kept[row].Contains(id))];
                double left = Enumerable.Range(0, width).Where(id => !known[id]).Sum(id => t[id]);
                double leftByStudent = Enumerable.Range(0, width).Where(id => !known[id]).Sum(id => q[id]);
                double divergence = kept[row].Sum(id => t[id] * Math.Log(t[id] / q[id])) + (top < width ? left * Math.Log(left / leftByStudent) : 0);
                expectedCrossEntropy -= Math.Log(p[labels[row]]);
                expectedDistillation += temperature * temperature * divergence;
                for (int id = 0; id < width; id++)
                {
                    double pull = known[id] ? q[id] - t[id] : q[id] * (1 - (left / leftByStudent));
                    double right = 0.25 * (p[id] - (id == labels[row] ? 1 : 0) + (0.7 * temperature * pull));
                    Assert.Equal(right, gradient[(row * width) + id], 1e-5);
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
        Tensor logits = (randn(Rows, 20) * 3).detach().requires_grad_();
        Tensor labels = tensor(new long[] { 0, 19, 3 });
        double[][] teacher = [.. Enumerable.Range(0, Rows).Select(seed => Softmax(Draw(new Random(seed), 20), temperature))];
        int[][] kept = [.. Enumerable.Range(0, Rows).Select(row => Enumerable.Range(row, 5).ToArray())];
        Tensor soft = nn.functional.softmax(logits / temperature, 1);
        Tensor divergence = zeros(1);
        for (int row = 0; row < Rows; row++)
        {
            Tensor q = soft[row].index_select(0, tensor(kept[row].Select(id => (long)id).ToArray()));
            Tensor t = tensor(kept[row].Select(id => (float)teacher[row][id]).ToArray());
            Tensor left = 1 - t.sum();
            divergence += (t * (t.log() - q.log())).sum() + (left * (left.log() - (1 - q.sum()).log()));
        }

        divergence *= temperature * temperature;
        ((CrossEntropyLoss.Sum(logits, labels) + (divergence.sum() * 0.7)) * 0.25).backward();
        Tensor inPlace = logits.detach().clone();
        (_, double distillation) = TruncatedDistillationLoss.SumAndGradientInPlace(inPlace, Pack(teacher, kept, 5, 20), 0, labels, 0.7, temperature, 0.25);
        Assert.Equal(divergence.sum().ToDouble(), distillation, 1e-3);
        Assert.True((inPlace - logits.grad!).abs().max().ToDouble() < 2e-6);
    }

    [Fact]
    public void With_all_tokens_kept_it_is_the_whole_divergence()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(2);
        Tensor student = randn(Rows, 33) * 3;
        Tensor teacher = randn(Rows, 33) * 3;
        Tensor labels = tensor(new long[] { 0, 32, 7 });
        foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            Tensor whole = student.to(type, copy: true);
            Tensor cut = whole.clone();
            TeacherRows answers = new(33, nn.functional.log_softmax(teacher.to(type).to(ScalarType.Float32) / 2, 1).data<float>().ToArray(), [.. Enumerable.Repeat(float.NegativeInfinity, Rows)], null);
            (double crossEntropy, double distillation) = DistillationLoss.SumAndGradientInPlace(whole, teacher.to(type), labels, 1, 2, 0.5);
            (double cutCrossEntropy, double cutDistillation) = TruncatedDistillationLoss.SumAndGradientInPlace(cut, answers, 0, labels, 1, 2, 0.5);
            Assert.Equal(crossEntropy, cutCrossEntropy, 1e-5);
            Assert.Equal(distillation, cutDistillation, 1e-4);
            Assert.True((whole - cut).abs().max().to(ScalarType.Float32).ToDouble() < (type == ScalarType.Float32 ? 1e-6 : 4e-3));
        }
    }

    private static TeacherRows Pack(double[][] teacher, int[][] kept, int top, int width) => new(
        top,
        [.. teacher.Zip(kept).SelectMany(row => row.Second.Select(id => (float)Math.Log(row.First[id])))],
        [.. teacher.Zip(kept).Select(row => top == width ? float.NegativeInfinity : (float)Math.Log(Enumerable.Range(0, width).Except(row.Second).Sum(id => row.First[id])))],
        [.. kept.SelectMany(ids => ids)]);

    private static double[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (double)(float)((random.NextDouble() - 0.5) * 10))];

    private static double[] Softmax(double[] logits, double temperature)
    {
        double max = logits.Max();
        double[] exponentials = [.. logits.Select(value => Math.Exp((value - max) / temperature))];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }
}
