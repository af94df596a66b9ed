using System.Runtime.Intrinsics;
using Moiety.Training.Kernels;
using Moiety.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// The loss of a student (DeepSpeed-MoE, arXiv 2201.05596, section 4.2; Hinton et al., arXiv 1503.02531): next-token cross-entropy plus
/// w T^2 KL(softmax(teacher / T) || softmax(student / T)), in nats, computed in F32 from logits. T^2 keeps the size of the teacher's
/// gradient when T changes. The gradient by the student's logits is
/// softmax(z) - onehot(label) + w T (softmax(z / T) - softmax(teacher / T)).
/// </summary>
public static class DistillationLoss
{
    // What stands for a logit of minus infinity: its exponential is 0, and 0 times it is not NaN.
    private const float Lowest = -1e30f;

    /// <summary>The sums over rows and the gradient, in one pass over the memory of each row and without a graph.</summary>
    /// <param name="logits">The student's, [rows, vocabulary] in F32 or BF16; holds the gradient times <paramref name="scale"/> afterwards.</param>
    /// <param name="teacher">The teacher's logits: the same type and rows; rows may be longer, what is beyond the student's vocabulary is left out.</param>
    /// <param name="labels">[rows], token ids (int64).</param>
    /// <param name="weight">w, at least 0.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="scale">Factor of the gradient, e.g. 1 / tokens of the step.</param>
    /// <returns>The sum of the cross-entropy, and the sum of T^2 KL without its weight.</returns>
    /// <exception cref="ArgumentException">The teacher's logits have another type, other rows or fewer columns.</exception>
    public static (double CrossEntropy, double Distillation) SumAndGradientInPlace(Tensor logits, Tensor teacher, Tensor labels, double weight, double temperature, double scale)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(labels);
        if (teacher.dtype != logits.dtype || teacher.shape[0] != logits.shape[0] || teacher.shape[1] < logits.shape[1])
        {
            throw new ArgumentException(
                $"The teacher's logits are {teacher.dtype} [{teacher.shape[0]}, {teacher.shape[1]}], the student's {logits.dtype} [{logits.shape[0]}, {logits.shape[1]}].", nameof(teacher));
        }

        if (logits.device_type != DeviceType.CPU)
        {
            return ByOperations(logits, teacher, labels, weight, temperature, scale);
        }

        Factors factors = new((float)weight, (float)temperature, (float)scale);
        return logits.dtype == ScalarType.BFloat16
            ? SumAndGradientInPlace<ushort, Bfloat16Element>(logits, teacher, labels, factors)
            : SumAndGradientInPlace<float, Float32Element>(logits, teacher, labels, factors);
    }

    /// <summary>The same by libtorch's operations, on any device.</summary>
    internal static (double CrossEntropy, double Distillation) ByOperations(Tensor logits, Tensor teacher, Tensor labels, double weight, double temperature, double scale)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor student = logits.to(ScalarType.Float32);
        Tensor softened = student.Times(1 / temperature).log_softmax(1).AtLeast(Lowest);
        Tensor target = teacher.narrow(1, 0, logits.shape[1]).to(ScalarType.Float32).Times(1 / temperature).log_softmax(1).AtLeast(Lowest);
        Tensor right = target.exp();
        double divergence = (right * target.Plus(softened.neg())).sum(type: ScalarType.Float64).ToDouble();
        Tensor pull = softened.exp().Plus(right.neg()).Times(weight * temperature * scale);
        Tensor gradient = student.clone();
        double crossEntropy = CrossEntropyLoss.ByOperations(gradient, labels, scale);
        logits.copy_(gradient.Plus(pull));
        return (crossEntropy, temperature * temperature * divergence);
    }

    private static (double CrossEntropy, double Distillation) SumAndGradientInPlace<T, TElement>(Tensor logits, Tensor teacher, Tensor labels, Factors factors)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> students = new(logits);
        TensorRows<T> teachers = new(teacher);
        TensorRows<long> targets = new(labels);
        (double CrossEntropy, double Distillation)[] sums = new (double, double)[RowBlocks.Count(students.Count)];
        RowBlocks.For(students.Count, (block, first, end) =>
        {
            int width = students[0].Length;
            int padded = LogitRow.PaddedLength(width);
            float[] student = new float[padded];
            float[] softened = new float[padded];
            float[] target = new float[padded];
            for (int row = first; row < end; row++)
            {
                (double crossEntropy, double distillation) = Row<T, TElement>(
                    students[row], teachers[row][..width], checked((int)targets[0][row]), factors, student, softened, target);
                sums[block] = (sums[block].CrossEntropy + crossEntropy, sums[block].Distillation + distillation);
            }
        });
        return (sums.Sum(sum => sum.CrossEntropy), sums.Sum(sum => sum.Distillation));
    }

    private static (double CrossEntropy, double Distillation) Row<T, TElement>(
        Span<T> logits, ReadOnlySpan<T> teacher, int label, Factors factors, Span<float> student, Span<float> softened, Span<float> target)
        where T : unmanaged
        where TElement : IElement<T>
    {
        Vector512<float> max = Vector512.Create(LogitRow.Widen<T, TElement>(logits, student));
        Vector512<float> teacherMax = Vector512.Create(LogitRow.Widen<T, TElement>(teacher, target));
        Vector512<float> cold = Vector512.Create(1 / factors.Temperature);
        Vector512<float> lowest = Vector512.Create(Lowest);
        double labelLogit = student[label] - max[0];
        Vector512<float> sum = Vector512<float>.Zero;
        Vector512<float> softSum = Vector512<float>.Zero;
        Vector512<float> teacherSum = Vector512<float>.Zero;
        Vector512<float> gap = Vector512<float>.Zero;
        for (int i = 0; i < student.Length; i += LogitRow.Lanes)
        {
            Vector512<float> below = Vector512.Max(Vector512.Create((ReadOnlySpan<float>)student[i..]) - max, lowest);
            Vector512<float> teacherBelow = Vector512.Max(Vector512.Create((ReadOnlySpan<float>)target[i..]) - teacherMax, lowest);
            Vector512<float> probability = Vector512.Exp(below);
            Vector512<float> soft = factors.Temperature == 1 ? probability : Vector512.Exp(below * cold);
            Vector512<float> right = Vector512.Exp(teacherBelow * cold);
            sum += probability;
            softSum += soft;
            teacherSum += right;
            gap += right * ((teacherBelow - below) * cold);
            probability.CopyTo(student[i..]);
            soft.CopyTo(softened[i..]);
            right.CopyTo(target[i..]);
        }

        double total = Vector512.Sum(sum);
        double softTotal = Vector512.Sum(softSum);
        double teacherTotal = Vector512.Sum(teacherSum);

        // sum_i t_i (log t_i - log s_i), with log t_i = below_i / T - log sum, and the same for s.
        double divergence = (Vector512.Sum(gap) / teacherTotal) + Math.Log(softTotal) - Math.Log(teacherTotal);
        float factor = (float)(factors.Scale / total);
        float pull = factors.Scale * factors.Weight * factors.Temperature;
        float softFactor = (float)(1 / softTotal);
        float teacherFactor = (float)(1 / teacherTotal);
        float labelGradient = (student[label] * factor) - factors.Scale + (((softened[label] * softFactor) - (target[label] * teacherFactor)) * pull);
        int column = 0;
        for (; column <= logits.Length - LogitRow.Lanes; column += LogitRow.Lanes)
        {
            Vector512<float> difference = (Vector512.Create((ReadOnlySpan<float>)softened[column..]) * softFactor) - (Vector512.Create((ReadOnlySpan<float>)target[column..]) * teacherFactor);
            TElement.Store((Vector512.Create((ReadOnlySpan<float>)student[column..]) * factor) + (difference * pull), logits[column..]);
        }

        for (; column < logits.Length; column++)
        {
            logits[column] = TElement.FromSingle((student[column] * factor) + (((softened[column] * softFactor) - (target[column] * teacherFactor)) * pull));
        }

        logits[label] = TElement.FromSingle(labelGradient);
        return (Math.Log(total) - labelLogit, factors.Temperature * factors.Temperature * divergence);
    }

    private readonly record struct Factors(float Weight, float Temperature, float Scale);
}
