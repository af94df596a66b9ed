namespace Moiety.Inference.Steps;

/// <summary>How a router sent one token: the chosen experts, best first, and the weights of their outputs.</summary>
public readonly ref struct RouterDecision
{
    internal RouterDecision(ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, ReadOnlySpan<float> scores, ReadOnlySpan<float> outputNorms)
    {
        Experts = experts;
        Weights = weights;
        Scores = scores;
        OutputNorms = outputNorms;
    }

    /// <summary>Ids of the chosen experts, best first; empty when the schedule skipped the feed-forward.</summary>
    public ReadOnlySpan<int> Experts { get; }

    /// <summary>The weight of each chosen expert's output.</summary>
    public ReadOnlySpan<float> Weights { get; }

    /// <summary>
    /// [experts]: what the gate made of the logits of all experts, before any choice: their softmax, or a sigmoid of each in a model whose
    /// gate has sigmoids. Empty unless <see cref="Plans.ForwardPlan.RouterScores"/> asks for it.
    /// </summary>
    public ReadOnlySpan<float> Scores { get; }

    /// <summary>
    /// The Euclidean length of each chosen expert's output, before its weight. Empty unless
    /// <see cref="Plans.ForwardPlan.ExpertOutputNorms"/> asks for it.
    /// </summary>
    public ReadOnlySpan<float> OutputNorms { get; }
}
