using Moiety.Inference;
using Moiety.Inference.Steps;

namespace Moiety.Decoding.Strategies;

/// <summary>
/// Runs decoding strategies side by side over one engine: each step is one batch with the next slices of all texts that go
/// on. Knows token ids only. After warm-up a step allocates no managed memory.
/// </summary>
public sealed class DecodingLoop
{
    /// <summary>Tokens of one step that prompts are cut to, unless there are more strategies than that.</summary>
    public const int StepTokens = 512;

    private readonly Engine _engine;
    private readonly Batch _batch = new();

    /// <summary>Creates a loop; use one from one thread at a time.</summary>
    public DecodingLoop(Engine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
    }

    /// <summary>Runs one step for all strategies that go on.</summary>
    /// <param name="strategies">The texts.</param>
    /// <param name="cancellationToken">Stops between layers; the strategies are then as before the step and may go on later.</param>
    /// <returns>Whether anything was left to do.</returns>
    public bool Step(ReadOnlySpan<DecodingStrategy> strategies, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _batch.Clear();
        foreach (DecodingStrategy strategy in strategies)
        {
            if (strategy.FinishReason is null)
            {
                strategy.AddSlices(_batch, Math.Max(1, StepTokens - _batch.Tokens.Length));
            }
        }

        if (_batch.Count == 0)
        {
            return false;
        }

        StepResult result = _engine.Step(_batch, cancellationToken);
        foreach (DecodingStrategy strategy in strategies)
        {
            if (strategy.FinishReason is null)
            {
                strategy.Advance(result);
            }
        }

        return true;
    }

    /// <summary>Runs until all texts have ended.</summary>
    /// <param name="strategies">The texts.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    public void Run(ReadOnlySpan<DecodingStrategy> strategies, CancellationToken cancellationToken = default)
    {
        while (Step(strategies, cancellationToken))
        {
        }
    }
}
