using System.Runtime.Intrinsics;
using Moiety.Training.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// <see cref="DistillationLoss"/> against a teacher of whom only the most likely tokens K are known. All other tokens are one class r with
/// the probability that is left over: KL = sum over K of t_i log(t_i / q_i) + t_r log(t_r / q_r), with q = softmax(student / T) and q_r its sum
/// over the others. It is the exact KL where K is the vocabulary, and never larger than it. The gradient of T^2 KL by the student's logits
/// is T (q_i - t_i) for a kept token and T q_j (1 - t_r / q_r) for another.
/// </summary>
public static class TruncatedDistillationLoss
{
    // Below it the class of the others is empty for the student, and says nothing about the order within.
    private const float Empty = 1e-30f;

    /// <summary>The sums over rows and the gradient.</summary>
    /// <param name="logits">The student's, [rows, vocabulary] in F32 or BF16; holds the gradient times <paramref name="scale"/> afterwards.</param>
    /// <param name="teacher">What the teacher says.</param>
    /// <param name="firstRow">The teacher's row that belongs to the first row of the logits.</param>
    /// <param name="labels">[rows], token ids (int64).</param>
    /// <param name="weight">w, at least 0.</param>
    /// <param name="temperature">T, above 0: that of the teacher's distributions.</param>
    /// <param name="scale">Factor of the gradient.</param>
    /// <returns>The sum of the cross-entropy, and the sum of T^2 KL without its weight.</returns>
    public static (double CrossEntropy, double Distillation) SumAndGradientInPlace(
        Tensor logits, TeacherRows teacher, long firstRow, Tensor labels, double weight, double temperature, double scale)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(labels);
        if (logits.device_type != DeviceType.CPU)
        {
            // The teacher's answers are on the host.
            using Tensor host = logits.cpu();
            using Tensor hostLabels = labels.cpu();
            (double, double) sums = SumAndGradientInPlace(host, teacher, firstRow, hostLabels, weight, temperature, scale);
            logits.copy_(host);
            return sums;
        }

        Factors factors = new((float)weight, (float)temperature, (float)scale);
        return logits.dtype == ScalarType.BFloat16
            ? SumAndGradientInPlace<ushort, Bfloat16Element>(logits, teacher, (int)firstRow, labels, factors)
            : SumAndGradientInPlace<float, Float32Element>(logits, teacher, (int)firstRow, labels, factors);
    }

    private static (double CrossEntropy, double Distillation) SumAndGradientInPlace<T, TElement>(Tensor logits, TeacherRows teacher, int firstRow, Tensor labels, Factors factors)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> students = new(logits);
        TensorRows<long> targets = new(labels);
        int top = teacher.Top;
        int[] all = teacher.Ids is null ? [.. Enumerable.Range(0, top)] : [];
        (double CrossEntropy, double Distillation)[] sums = new (double, double)[RowBlocks.Count(students.Count)];
        RowBlocks.For(students.Count, (block, first, end) =>
        {
            int padded = LogitRow.PaddedLength(students[0].Length);
            float[] student = new float[padded];
            float[] softened = new float[padded];
            float[] pulls = new float[top];
            for (int row = first; row < end; row++)
            {
                int at = firstRow + row;
                ReadOnlySpan<int> ids = teacher.Ids is null ? all : teacher.Ids.AsSpan(at * top, top);
                (double crossEntropy, double distillation) = Row<T, TElement>(
                    students[row], new Answer(ids, teacher.LogProbabilities.AsSpan(at * top, top), teacher.LogRemainders[at]), checked((int)targets[0][row]), factors, student, softened, pulls);
                sums[block] = (sums[block].CrossEntropy + crossEntropy, sums[block].Distillation + distillation);
            }
        });
        return (sums.Sum(sum => sum.CrossEntropy), sums.Sum(sum => sum.Distillation));
    }

    private static (double CrossEntropy, double Distillation) Row<T, TElement>(
        Span<T> logits, Answer teacher, int label, Factors factors, Span<float> student, Span<float> softened, Span<float> pulls)
        where T : unmanaged
        where TElement : IElement<T>
    {
        float max = LogitRow.Widen<T, TElement>(logits, student);
        double labelLogit = student[label] - max;
        double total = Exponentials(student, softened, max, 1 / factors.Temperature);

        // The kept tokens are taken out, so that what the others sum to is not the small difference of two large numbers.
        double kept = 0;
        for (int i = 0; i < pulls.Length; i++)
        {
            pulls[i] = softened[teacher.Ids[i]];
            softened[teacher.Ids[i]] = 0;
            kept += pulls[i];
        }

        double others = Sum(softened);
        double softTotal = kept + others;
        double logTotal = Math.Log(softTotal);
        double divergence = 0;
        float pull = factors.Scale * factors.Weight * factors.Temperature;
        for (int i = 0; i < pulls.Length; i++)
        {
            double probability = Math.Exp(teacher.LogProbabilities[i]);
            double below = (TElement.ToSingle(logits[teacher.Ids[i]]) - max) / factors.Temperature;
            divergence += probability == 0 ? 0 : probability * (teacher.LogProbabilities[i] - below + logTotal);
            pulls[i] = (float)((pulls[i] / softTotal) - probability) * pull;
        }

        double remainder = Math.Exp(teacher.LogRemainder);
        if (remainder > 0)
        {
            divergence += remainder * (teacher.LogRemainder - Math.Log(Math.Max(others, Empty)) + logTotal);
        }

        double otherFactor = others > Empty ? (1 / softTotal) - (remainder / others) : 0;
        Combine(student, (float)(factors.Scale / total), softened, (float)otherFactor * pull);
        for (int i = 0; i < pulls.Length; i++)
        {
            student[teacher.Ids[i]] += pulls[i];
        }

        student[label] -= factors.Scale;
        LogitRow.Narrow<T, TElement>(student, logits);
        return (Math.Log(total) - labelLogit, factors.Temperature * factors.Temperature * divergence);
    }

    // exp(logit - max) in place, and the same at the temperature; gives the sum of the first.
    private static double Exponentials(Span<float> student, Span<float> softened, float max, float cold)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        for (int i = 0; i < student.Length; i += LogitRow.Lanes)
        {
            Vector512<float> below = Vector512.Create((ReadOnlySpan<float>)student[i..]) - Vector512.Create(max);
            Vector512<float> probability = Vector512.Exp(below);
            (cold == 1 ? probability : Vector512.Exp(below * cold)).CopyTo(softened[i..]);
            probability.CopyTo(student[i..]);
            sum += probability;
        }

        return Vector512.Sum(sum);
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        for (int i = 0; i < values.Length; i += LogitRow.Lanes)
        {
            sum += Vector512.Create(values[i..]);
        }

        return Vector512.Sum(sum);
    }

    private static void Combine(Span<float> values, float factor, ReadOnlySpan<float> others, float otherFactor)
    {
        for (int i = 0; i < values.Length; i += LogitRow.Lanes)
        {
            ((Vector512.Create((ReadOnlySpan<float>)values[i..]) * factor) + (Vector512.Create(others[i..]) * otherFactor)).CopyTo(values[i..]);
        }
    }

    private readonly record struct Factors(float Weight, float Temperature, float Scale);

    private readonly ref struct Answer(ReadOnlySpan<int> ids, ReadOnlySpan<float> logProbabilities, float logRemainder)
    {
        internal readonly ReadOnlySpan<int> Ids = ids;
        internal readonly ReadOnlySpan<float> LogProbabilities = logProbabilities;
        internal readonly float LogRemainder = logRemainder;
    }
}
