using System.Buffers;
using System.Numerics.Tensors;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;

namespace Moiety.Evaluation.Scoring;

/// <summary>
/// Gives the natural logarithm of the probability of each token of given texts. Several short texts share a step, long ones
/// take several; the numbers do not depend on it beyond rounding.
/// </summary>
public sealed class SequenceScorer
{
    // The logits of one step stay below this many numbers (128 MiB), whatever the vocabulary.
    private const int LargestLogits = 32 << 20;

    private readonly Engine _engine;
    private readonly Batch _batch = new();
    private readonly int _stepTokens;

    /// <summary>Creates a scorer; use one from one thread at a time.</summary>
    public SequenceScorer(Engine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        _stepTokens = Math.Clamp(LargestLogits / engine.Config.VocabularySize, 16, 512);
    }

    /// <summary>Scores texts.</summary>
    /// <param name="sequences">The texts; each fits the context.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <returns>For each text the log-probabilities of its tokens from <see cref="ScoredSequence.First"/> on.</returns>
    /// <exception cref="ContextOverflowException">A text is longer than the context.</exception>
    /// <exception cref="InvalidInputException">The model's logits are no numbers.</exception>
    public double[][] Score(IReadOnlyList<ScoredSequence> sequences, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        double[][] scores = [.. sequences.Select(sequence => new double[sequence.Tokens.Length - sequence.First])];
        int next = 0;
        while (next < sequences.Count)
        {
            int first = next;
            int tokens = 0;
            while (next < sequences.Count && (next == first || tokens + Inputs(sequences[next]) <= _stepTokens))
            {
                tokens += Inputs(sequences[next]);
                next++;
            }

            ScoreTogether(sequences, first, next, scores, cancellationToken);
        }

        return scores;
    }

    // The last token is only ever predicted, so it is no input.
    private static int Inputs(ScoredSequence sequence) => sequence.Tokens.Length - 1;

    private void ScoreTogether(
        IReadOnlyList<ScoredSequence> sequences, int first, int end, double[][] scores, CancellationToken cancellationToken)
    {
        KvCache[] caches = [.. Enumerable.Range(first, end - first).Select(_ => _engine.CreateCache())];
        try
        {
            while (AddChunks(sequences, first, caches))
            {
                StepResult result = _engine.Step(_batch, cancellationToken);
                for (int slice = 0; slice < _batch.Count; slice++)
                {
                    int index = first + Array.IndexOf(caches, _batch.Slices[slice].Cache);
                    Read(result, slice, sequences[index], _batch.Slices[slice], scores[index]);
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

    private bool AddChunks(IReadOnlyList<ScoredSequence> sequences, int first, KvCache[] caches)
    {
        _batch.Clear();
        for (int index = 0; index < caches.Length; index++)
        {
            ScoredSequence sequence = sequences[first + index];
            int done = caches[index].Length;
            int count = Math.Min(Inputs(sequence) - done, _stepTokens);
            if (count > 0)
            {
                // Tokens before the one that predicts the first scored token need no logits.
                int given = Math.Clamp(sequence.First - 1 - done, 0, count);
                ForwardPlan? plan = given == 0 ? null : new ForwardPlan { LogitPositions = [.. Enumerable.Range(given, count - given)] };
                _batch.Add(caches[index], sequence.Tokens.Span.Slice(done, count), LogitsWanted.All, plan);
            }
        }

        return _batch.Count > 0;
    }

    private static void Read(StepResult result, int slice, ScoredSequence sequence, SequenceSlice computed, double[] scores)
    {
        int done = computed.Cache.Length - computed.Count;
        for (int position = Math.Max(0, sequence.First - 1 - done); position < computed.Count; position++)
        {
            int target = done + position + 1;
            scores[target - sequence.First] = LogProbability(result.Logits(slice, position), sequence.Tokens.Span[target]);
        }
    }

    private static double LogProbability(ReadOnlySpan<float> logits, int token)
    {
        float maximum = TensorPrimitives.Max(logits);
        if (!float.IsFinite(maximum))
        {
            throw new InvalidInputException($"the model gave logits that are not numbers; its weights are damaged (largest logit: {maximum}).");
        }

        float[] rented = ArrayPool<float>.Shared.Rent(logits.Length);
        Span<float> weights = rented.AsSpan(0, logits.Length);
        TensorPrimitives.Subtract(logits, maximum, weights);
        TensorPrimitives.Exp(weights, weights);
        double logTotal = Math.Log(TensorPrimitives.Sum(weights));
        ArrayPool<float>.Shared.Return(rented);
        return logits[token] - (double)maximum - logTotal;
    }
}
