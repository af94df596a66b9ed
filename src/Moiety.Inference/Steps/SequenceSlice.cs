using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;

namespace Moiety.Inference.Steps;

/// <summary>The next tokens of one sequence: a whole prompt, a chunk of it, or the one token decoded last.</summary>
/// <param name="Cache">The sequence; the tokens come after the ones it holds.</param>
/// <param name="Start">Index of the slice's first token among all tokens of the batch.</param>
/// <param name="Count">Number of tokens, at least 1.</param>
/// <param name="Logits">For which tokens the output head runs, unless the plan lists them.</param>
/// <param name="Plan">What differs from a plain causal pass, or null.</param>
public readonly record struct SequenceSlice(KvCache Cache, int Start, int Count, LogitsWanted Logits, ForwardPlan? Plan);
