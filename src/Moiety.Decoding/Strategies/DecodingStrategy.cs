using Moiety.Inference.Steps;

namespace Moiety.Decoding.Strategies;

/// <summary>
/// Decides what the engine computes next for one text, and turns what was computed into tokens. A strategy is a state
/// machine between two engine steps (<see cref="AddSlices"/>, step, <see cref="Advance"/>), so that a
/// <see cref="DecodingLoop"/> runs any number of them, of any kinds, in one batch.
/// </summary>
public abstract class DecodingStrategy
{
    /// <summary>The prompt and all tokens that are settled, oldest first. Valid until the next <see cref="Advance"/>.</summary>
    public abstract ReadOnlySpan<int> Tokens { get; }

    /// <summary>How many of <see cref="Tokens"/> were given.</summary>
    public abstract int PromptLength { get; }

    /// <summary>The settled tokens after the prompt; a token that ends the text is not among them.</summary>
    public ReadOnlySpan<int> Generated => Tokens[PromptLength..];

    /// <summary>Why the text ended, or null while it goes on.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>Ends the text. The first reason stays.</summary>
    public void Finish(FinishReason reason) => FinishReason ??= reason;

    /// <summary>Adds what must be computed next, at least one token. Called while the text goes on.</summary>
    /// <param name="batch">The batch of the coming step, with slices of other strategies in it.</param>
    /// <param name="budget">How many tokens may be added, at least 1; what must stay together may exceed it.</param>
    public abstract void AddSlices(Batch batch, int budget);

    /// <summary>Takes the results of what <see cref="AddSlices"/> asked for.</summary>
    public abstract void Advance(StepResult result);
}
