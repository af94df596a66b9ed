using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;

namespace Moiety.Decoding.Strategies;

/// <summary>Computes the keys and values of tokens that several texts share, in chunks.</summary>
internal static class PrefixFill
{
    /// <summary>Appends tokens to a cache without asking for logits.</summary>
    public static void Run(Engine engine, KvCache cache, ReadOnlySpan<int> tokens, CancellationToken cancellationToken, ForwardPlan? plan = null)
    {
        Batch batch = new();
        while (!tokens.IsEmpty)
        {
            int count = Math.Min(tokens.Length, DecodingLoop.StepTokens);
            batch.Clear();
            batch.Add(cache, tokens[..count], LogitsWanted.None, plan);
            engine.Step(batch, cancellationToken);
            tokens = tokens[count..];
        }
    }
}
