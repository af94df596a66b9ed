using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;

namespace Moiety.Evaluation.Scoring;

/// <summary>Gives the logits after every token of a sequence, a chunk in memory at a time: the window for parity checks.</summary>
public static class LogitsReader
{
    // The logits of one step stay below this many numbers (64 MiB), whatever the vocabulary.
    private const int LargestLogits = 16 << 20;

    /// <summary>Takes the logits [vocabulary] after the token at a position; the span is valid during the call.</summary>
    public delegate void Receiver(int position, ReadOnlySpan<float> logits);

    /// <summary>Runs a sequence through the model.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="tokens">Token ids.</param>
    /// <param name="first">First position whose logits are wanted.</param>
    /// <param name="receive">Told the logits of each position from <paramref name="first"/> on, in order.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="ContextOverflowException">The sequence is longer than the context: nothing was computed.</exception>
    public static void Read(Engine engine, ReadOnlySpan<int> tokens, int first, Receiver receive, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(receive);
        if (tokens.Length > engine.ContextLength)
        {
            throw new ContextOverflowException(0, tokens.Length, engine.ContextLength);
        }

        int chunk = Math.Clamp(LargestLogits / engine.Config.VocabularySize, 1, 512);
        Batch batch = new();
        using KvCache cache = engine.CreateCache();
        while (cache.Length < tokens.Length)
        {
            int start = cache.Length;

            // Positions before the first wanted one go in chunks of their own, so that a chunk wants all logits or none.
            int end = Math.Min(start + chunk, start < first ? Math.Min(first, tokens.Length) : tokens.Length);
            batch.Clear();
            batch.Add(cache, tokens[start..end], start < first ? LogitsWanted.None : LogitsWanted.All);
            StepResult result = engine.Step(batch, cancellationToken);
            for (int position = start; position < end && start >= first; position++)
            {
                receive(position, result.Logits(0, position - start));
            }
        }
    }
}
