using CsCheck;
using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;

namespace Moiety.Evaluation.Tests;

/// <summary>Log-probabilities are those of the softmax over the whole sequence, however sequences share steps.</summary>
public sealed class SequenceScorerTests : IDisposable
{
    private readonly RandomCheckpoint _checkpoint = new(SmallModels.Pyramid, seed: 3);
    private readonly Engine _engine;

    public SequenceScorerTests() => _engine = Engine.Open(_checkpoint, new EngineOptions { KeyValueFormat = KeyValueFormat.F32 });

    [Fact]
    public void Scores_are_the_softmax_of_a_run_of_the_sequence_alone() =>
        Gen.Select(Gen.Int[0, 100].Array[2, 120], Gen.Int[1, 1000]).Array[1, 6].Sample(
            cases =>
            {
                ScoredSequence[] sequences = [.. cases.Select(one => new ScoredSequence(one.Item1, 1 + (one.Item2 % (one.Item1.Length - 1))))];
                double[][] scores = new SequenceScorer(_engine).Score(sequences);
                for (int index = 0; index < sequences.Length; index++)
                {
                    Assert.Equal(Naive(cases[index].Item1).Skip(sequences[index].First - 1), scores[index], (expected, actual) => Math.Abs(expected - actual) < 1e-4);
                }
            },
            iter: 15,
            threads: 1);

    [Fact]
    public void A_shared_beginning_changes_nothing() =>
        Gen.Select(Gen.Int[0, 100].Array[1, 100], Gen.Int[0, 100].Array[1, 8].Array[1, 5], Gen.Int[0, 1000]).Sample(
            (prompt, endings, number) =>
            {
                ScoredSequence[] sequences = [.. endings.Select(ending => new ScoredSequence((int[])[.. prompt, .. ending], prompt.Length))];
                SequenceScorer scorer = new(_engine);
                double[][] apart = scorer.Score(sequences);
                double[][] together = scorer.Score(sequences, number % prompt.Length);
                Assert.Equal(apart.SelectMany(scores => scores), together.SelectMany(scores => scores), (expected, actual) => Math.Abs(expected - actual) < 1e-4);
            },
            iter: 15,
            threads: 1);

    [Fact]
    public void Logits_of_every_position_are_those_of_one_step()
    {
        int[] tokens = [.. Enumerable.Range(0, 70).Select(index => index * 31 % 101)];
        using KvCache cache = _engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens, LogitsWanted.All);
        StepResult result = _engine.Step(batch);
        float[][] expected = [.. Enumerable.Range(0, tokens.Length).Select(position => result.Logits(0, position).ToArray())];
        List<int> positions = [];
        LogitsReader.Read(_engine, tokens, 13, (position, logits) =>
        {
            positions.Add(position);
            for (int id = 0; id < logits.Length; id++)
            {
                Assert.Equal(expected[position][id], logits[id], 1e-4f);
            }
        });
        Assert.Equal(Enumerable.Range(13, tokens.Length - 13), positions);
    }

    [Fact]
    public void A_sequence_longer_than_the_context_is_an_error()
    {
        int[] tokens = new int[_engine.ContextLength + 2];
        Assert.Throws<ContextOverflowException>(() => new SequenceScorer(_engine).Score([new ScoredSequence(tokens, 1)]));
        Assert.Throws<ContextOverflowException>(() => LogitsReader.Read(_engine, tokens, 0, (_, _) => Assert.Fail("nothing was to be computed")));
    }

    public void Dispose()
    {
        _engine.Dispose();
        _checkpoint.Dispose();
    }

    private double[] Naive(int[] tokens)
    {
        using KvCache cache = _engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens, LogitsWanted.All);
        StepResult result = _engine.Step(batch);
        double[] scores = new double[tokens.Length - 1];
        for (int position = 0; position < scores.Length; position++)
        {
            float[] logits = result.Logits(0, position).ToArray();
            double maximum = logits.Max();
            scores[position] = logits[tokens[position + 1]] - maximum - Math.Log(logits.Sum(logit => Math.Exp(logit - maximum)));
        }

        return scores;
    }
}
