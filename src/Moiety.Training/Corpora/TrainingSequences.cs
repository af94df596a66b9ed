using System.Collections;
using Moiety.Data.Teachers;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Training.Configuration;
using Moiety.Training.Distillation;

namespace Moiety.Training.Corpora;

/// <summary>
/// The sequences that a run trains on, in the order of the corpus, for a teacher that answers them beforehand.
/// </summary>
public sealed class TrainingSequences : IReadOnlyList<int[]>, IDisposable
{
    private readonly TrainingConfig _config;
    private readonly TrainedModel _student;
    private readonly TokenCache _tokens;
    private readonly PackedSequences _sequences;

    private TrainingSequences(TrainingConfig config, TrainedModel student, TokenCache tokens)
    {
        _config = config;
        _student = student;
        _tokens = tokens;
        _sequences = new PackedSequences(tokens, config.SequenceLength, (ulong)config.Seed, "training");
    }

    /// <summary>Number of sequences.</summary>
    public int Count => _sequences.Count;

    /// <summary>The tokens of a sequence, without the last label.</summary>
    public int[] this[int index] => _sequences.Tokens(index);

    /// <summary>Opens the tokens of a run, tokenizing the corpora where that was not done yet.</summary>
    /// <param name="config">The run.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="progress">Observer of the tokenization.</param>
    /// <param name="cancellationToken">Stops the tokenization.</param>
    /// <exception cref="InvalidInputException">A corpus or the tokenizer is missing or malformed, or the corpus is too short.</exception>
    public static TrainingSequences Open(TrainingConfig config, string folder, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        TrainedModel student = TrainedModel.Prepare(config);
        TokenCache tokens = RunTokens.Open(config.TrainingCorpora, config, folder, student.Tokenizer, progress, cancellationToken);
        try
        {
            return new TrainingSequences(config, student, tokens);
        }
        catch
        {
            tokens.Dispose();
            throw;
        }
    }

    /// <summary>What the run wants its teacher to be asked; reads all weights of the teacher for their hash.</summary>
    /// <exception cref="InvalidInputException">The run has no teacher, or one that does not fit.</exception>
    public TeacherCacheDescription DescribeAnswers(CancellationToken cancellationToken = default)
    {
        DistillationConfig distillation = _config.Distillation ?? throw new InvalidInputException("The configuration names no teacher.");
        using Checkpoint teacher = Checkpoint.Open(distillation.TeacherPath);
        VocabularyMatch.Require(teacher, _student);
        return AnswersOf.Describe(_config, distillation, _student, CheckpointHash.Of(teacher, cancellationToken), _tokens.Key, Count);
    }

    /// <inheritdoc/>
    public IEnumerator<int[]> GetEnumerator() => Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void Dispose() => _tokens.Dispose();
}
