using Moiety.Data.Teachers;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;

namespace Moiety.Evaluation.Teachers;

/// <summary>
/// Makes the engine a teacher: it reads a corpus once and keeps what it says about every position in a <see cref="TeacherCache"/>, from which
/// a student learns. Any model that the engine runs will do, quantized ones too.
/// </summary>
public sealed class TeacherRecorder
{
    // The logits of one step stay below this many numbers (128 MiB), whatever the vocabulary.
    private const int LargestLogits = 32 << 20;

    private readonly Engine _engine;
    private readonly Batch _batch = new();
    private readonly int _stepTokens;

    /// <summary>Creates a recorder; use one from one thread at a time.</summary>
    public TeacherRecorder(Engine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        _stepTokens = Math.Clamp(LargestLogits / engine.Config.VocabularySize, 16, 512);
    }

    /// <summary>Records what is not recorded yet; one that was stopped goes on.</summary>
    /// <param name="sequences">The sequences of the corpus.</param>
    /// <param name="description">What to keep.</param>
    /// <param name="folder">Where to keep it.</param>
    /// <param name="progress">Told the number of sequences that are done.</param>
    /// <param name="cancellationToken">Stops the work; what is there is kept.</param>
    /// <exception cref="InvalidInputException">The teacher's context is too short, its logits are no numbers, or the folder cannot be written.</exception>
    public void Record(IReadOnlyList<int[]> sequences, TeacherCacheDescription description, string folder, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentNullException.ThrowIfNull(description);
        if (description.SequenceLength > _engine.ContextLength)
        {
            throw new InvalidInputException($"The teacher reads {_engine.ContextLength} tokens, the sequences have {description.SequenceLength}; give a smaller training.sequence_length.");
        }

        if (description.Vocabulary > _engine.Config.VocabularySize)
        {
            throw new InvalidInputException($"The teacher has {_engine.Config.VocabularySize} tokens, the student {description.Vocabulary}.");
        }

        if (TeacherCache.Exists(folder, description))
        {
            return;
        }

        using TeacherCacheWriter writer = TeacherCacheWriter.Open(folder, description);
        while (writer.Next < description.SequenceCount)
        {
            Record(sequences[writer.Next], description.Separator, writer, cancellationToken);
            progress?.Report(writer.Next);
        }

        writer.Complete();
    }

    // A document sees nothing of those before it: it is a sequence of its own.
    private static IEnumerable<(int Start, int Count)> Documents(int[] tokens, int? separator)
    {
        int start = 0;
        for (int i = 1; i <= tokens.Length; i++)
        {
            if (i == tokens.Length || tokens[i] == separator)
            {
                yield return (start, i - start);
                start = i;
            }
        }
    }

    private void Record(int[] tokens, int? separator, TeacherCacheWriter writer, CancellationToken cancellationToken)
    {
        (int Start, int Count)[] documents = [.. Documents(tokens, separator)];
        KvCache[] caches = [.. documents.Select(_ => _engine.CreateCache())];
        try
        {
            int document = 0;
            while (document < documents.Length)
            {
                document = Fill(tokens, documents, caches, document);
                StepResult result = _engine.Step(_batch, cancellationToken);
                for (int slice = 0; slice < _batch.Count; slice++)
                {
                    for (int position = 0; position < _batch.Slices[slice].Count; position++)
                    {
                        writer.Add(result.Logits(slice, position));
                    }
                }
            }
        }
        finally
        {
            foreach (KvCache cache in caches)
            {
                cache.Dispose();
            }
        }
    }

    // The next tokens in order, as many as a step takes; gives the first document that is not read to its end.
    private int Fill(int[] tokens, (int Start, int Count)[] documents, KvCache[] caches, int document)
    {
        _batch.Clear();
        int room = _stepTokens;
        while (document < documents.Length && room > 0)
        {
            (int start, int count) = documents[document];
            int done = caches[document].Length;
            int taken = Math.Min(count - done, room);
            _batch.Add(caches[document], tokens.AsSpan(start + done, taken), LogitsWanted.All);
            room -= taken;
            if (done + taken < count)
            {
                break;
            }

            document++;
        }

        return document;
    }
}
