using Moiety.Data.Teachers;
using Moiety.Evaluation.Teachers;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;

namespace Moiety.Evaluation.Tests;

/// <summary>The recorded answers are what the engine says when it reads each document by itself.</summary>
public sealed class TeacherRecorderTests : IDisposable
{
    private const int Separator = 3;
    private readonly RandomCheckpoint _checkpoint = new(SmallModels.Dense, seed: 5);
    private readonly Engine _engine;

    public TeacherRecorderTests() => _engine = Engine.Open(_checkpoint);

    [Fact]
    public void Every_document_is_read_by_itself()
    {
        using TemporaryFolder folder = new();
        int[][] sequences = [[5, 6, Separator, 7, 8, 9, Separator, Separator], [Separator, 1, 2, 4, 5, 6, 7, 8], [9, 9, 9, 9, 9, 9, 9, 9]];
        TeacherCacheDescription description = new("teacher", "tokens", 8, 3, _engine.Config.VocabularySize, _engine.Config.VocabularySize, 1, Separator);
        List<int> reports = [];
        new TeacherRecorder(_engine).Record(sequences, description, folder.Path, new Reporter(reports));
        Assert.Equal([1, 2, 3], reports);
        using TeacherCache cache = TeacherCache.Open(folder.Path, description);
        for (int sequence = 0; sequence < 3; sequence++)
        {
            for (int position = 0; position < 8; position++)
            {
                int start = Array.LastIndexOf(sequences[sequence], Separator, position);
                double[] right = LogProbabilities(sequences[sequence][Math.Max(0, start)..(position + 1)]);
                Assert.All(right.Zip(cache.Read(sequence).LogProbabilities(position).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 2e-2));
            }
        }
    }

    [Fact]
    public void A_recording_that_was_stopped_goes_on_and_one_that_is_there_is_kept()
    {
        using TemporaryFolder folder = new();
        int[][] sequences = [[5, 6, 7, 8], [1, 2, 4, 5], [9, 9, 8, 9]];
        TeacherCacheDescription description = new("teacher", "tokens", 4, 3, _engine.Config.VocabularySize, 4, 1, Separator);
        TeacherRecorder recorder = new(_engine);
        recorder.Record(sequences, description, folder["whole"]);
        using (CancellationTokenSource stop = new())
        {
            Assert.ThrowsAny<OperationCanceledException>(() => recorder.Record(sequences, description, folder["parts"], new StopAt(1, stop), stop.Token));
        }

        List<int> reports = [];
        recorder.Record(sequences, description, folder["parts"], new Reporter(reports));
        Assert.Equal([2, 3], reports);
        Assert.Equal(File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder["whole"]))), File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder["parts"]))));
        recorder.Record([], description, folder["parts"]);
    }

    [Fact]
    public void Sequences_beyond_the_teachers_context_and_tokens_beyond_its_vocabulary_are_refused()
    {
        using TemporaryFolder folder = new();
        TeacherRecorder recorder = new(_engine);
        TeacherCacheDescription description = new("teacher", "tokens", _engine.ContextLength + 1, 1, _engine.Config.VocabularySize, 4, 1, null);
        Assert.Contains("sequence_length", Assert.Throws<InvalidInputException>(() => recorder.Record([], description, folder.Path)).Message, StringComparison.Ordinal);
        description = description with { SequenceLength = 4, Vocabulary = _engine.Config.VocabularySize + 1 };
        Assert.Contains("tokens", Assert.Throws<InvalidInputException>(() => recorder.Record([], description, folder.Path)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _checkpoint.Dispose();
    }

    private double[] LogProbabilities(int[] document)
    {
        using KvCache cache = _engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, document);
        double[] logits = [.. _engine.Step(batch).Logits(0).ToArray().Select(value => (double)value)];
        double total = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(value => value - total)];
    }

    private sealed class Reporter(List<int> reports) : IProgress<int>
    {
        public void Report(int value) => reports.Add(value);
    }

    private sealed class StopAt(int count, CancellationTokenSource source) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value == count)
            {
                source.Cancel();
            }
        }
    }
}
