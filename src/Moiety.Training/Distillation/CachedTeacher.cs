using Moiety.Data.Teachers;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Distillation;

/// <summary>A teacher that answered beforehand: its answers over the corpus are read from a <see cref="TeacherCache"/>.</summary>
internal sealed class CachedTeacher : ITeacher
{
    private readonly TeacherCache _answers;
    private readonly DistillationConfig _config;

    /// <summary>Opens the answers.</summary>
    /// <exception cref="Moiety.Models.InvalidInputException">They are not there, or damaged.</exception>
    internal CachedTeacher(TeacherCacheDescription description, DistillationConfig config)
    {
        _answers = TeacherCache.Open(config.CacheFolder!, description);
        _config = config;
    }

    /// <inheritdoc/>
    public IHeadLoss LossOf(Tensor tokens, IReadOnlyList<int> sequences, ForwardPass pass) => new Loss(Read(sequences), _config);

    /// <inheritdoc/>
    public void Dispose() => _answers.Dispose();

    private TeacherRows Read(IReadOnlyList<int> sequences)
    {
        TeacherCacheDescription description = _answers.Description;
        int top = description.Top;
        int rows = sequences.Count * description.SequenceLength;
        TeacherRows answers = new(top, new float[checked(rows * top)], new float[rows], description.IsComplete ? null : new int[rows * top]);
        int row = 0;
        foreach (int sequence in sequences)
        {
            TeacherAnswers given = _answers.Read(sequence);
            for (int position = 0; position < description.SequenceLength; position++, row++)
            {
                given.LogProbabilities(position).CopyTo(answers.LogProbabilities.AsSpan(row * top));
                answers.LogRemainders[row] = given.LogRemainder(position);
                if (answers.Ids is { } ids)
                {
                    given.CopyIds(position, ids.AsSpan(row * top, top));
                }
            }
        }

        return answers;
    }

    private sealed class Loss(TeacherRows answers, DistillationConfig config) : IHeadLoss
    {
        public HeadLoss SumAndGradientInPlace(Tensor logits, Tensor labels, long firstRow, double scale)
        {
            (double crossEntropy, double distillation) = TruncatedDistillationLoss.SumAndGradientInPlace(logits, answers, firstRow, labels, config.Weight, config.Temperature, scale);
            return new HeadLoss(crossEntropy, distillation);
        }
    }
}
