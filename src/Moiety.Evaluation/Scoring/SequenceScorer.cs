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
    private const int PrefixTokens = 512;

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
        double[][] scores = new double[sequences.Count][];
        int next = 0;
        while (next < sequences.Count)
        {
            List<ScoredSequence> group = [];
            int tokens = 0;
            int first = next;
            while (next < sequences.Count && (group.Count == 0 || tokens + Inputs(sequences[next]) <= _stepTokens))
            {
                tokens += Inputs(sequences[next]);
                group.Add(sequences[next++]);
            }

            KvCache[] caches = [.. group.Select(_ => _engine.CreateCache())];
            ScoreTogether(group, caches, cancellationToken).CopyTo(scores, first);
        }

        return scores;
    }

    /// <summary>Scores texts that begin alike: what they share is computed once.</summary>
    /// <param name="sequences">The texts; each fits the context.</param>
    /// <param name="shared">How many first tokens are the same in all texts, fewer than <see cref="ScoredSequence.First"/> of each.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <inheritdoc cref="Score(IReadOnlyList{ScoredSequence}, CancellationToken)"/>
    public double[][] Score(IReadOnlyList<ScoredSequence> sequences, int shared, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        foreach (ScoredSequence sequence in sequences)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shared, sequence.First);
            ThrowIfTooLong(sequence);
        }

        using KvCache prefix = _engine.CreateCache();
        while (prefix.Length < shared)
        {
            _batch.Clear();
            _batch.Add(prefix, sequences[0].Tokens.Span[prefix.Length..Math.Min(shared, prefix.Length + PrefixTokens)], LogitsWanted.None);
            _engine.Step(_batch, cancellationToken);
        }

        return ScoreTogether(sequences, [.. sequences.Select(_ => prefix.Fork())], cancellationToken);
    }

    // The last token is only ever predicted, so it is no input.
    private static int Inputs(ScoredSequence sequence) => sequence.Tokens.Length - 1;

    // Takes over the caches, one per sequence, which may hold first tokens already.
    private double[][] ScoreTogether(IReadOnlyList<ScoredSequence> sequences, KvCache[] caches, CancellationToken cancellationToken)
    {
        double[][] scores = [.. sequences.Select(sequence => new double[sequence.Tokens.Length - sequence.First])];
        try
        {
            foreach (ScoredSequence sequence in sequences)
            {
                ThrowIfTooLong(sequence);
            }

            while (AddChunks(sequences, caches))
            {
                StepResult result = _engine.Step(_batch, cancellationToken);
                for (int slice = 0; slice < _batch.Count; slice++)
                {
                    int index = Array.IndexOf(caches, _batch.Slices[slice].Cache);
                    Read(result, slice, sequences[index], _batch.Slices[slice], scores[index]);
                }
            }

            return scores;
        }
        finally
        {
            foreach (KvCache cache in caches)
            {
                cache.Dispose();
            }
        }
    }

    private void ThrowIfTooLong(ScoredSequence sequence)
    {
        if (Inputs(sequence) > _engine.ContextLength)
        {
            throw new ContextOverflowException(0, Inputs(sequence), _engine.ContextLength);
        }
    }

    private bool AddChunks(IReadOnlyList<ScoredSequence> sequences, KvCache[] caches)
    {
        _batch.Clear();
        for (int index = 0; index < caches.Length; index++)
        {
            ScoredSequence sequence = sequences[index];
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
