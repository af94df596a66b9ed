namespace Moiety.Evaluation.Scoring;

/// <summary>Tokens whose probabilities are wanted.</summary>
/// <param name="Tokens">The whole sequence.</param>
/// <param name="First">The first token that is scored, at least 1: each is scored given all tokens before it.</param>
public readonly record struct ScoredSequence(ReadOnlyMemory<int> Tokens, int First);
