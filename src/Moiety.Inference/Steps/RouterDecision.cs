namespace Moiety.Inference.Steps;

/// <summary>How a router sent one token: the chosen experts, best first, and the weights of their outputs.</summary>
public readonly ref struct RouterDecision
{
    internal RouterDecision(ReadOnlySpan<int> experts, ReadOnlySpan<float> weights)
    {
        Experts = experts;
        Weights = weights;
    }

    /// <summary>Ids of the chosen experts, best first; empty when the schedule skipped the feed-forward.</summary>
    public ReadOnlySpan<int> Experts { get; }

    /// <summary>The weight of each chosen expert's output.</summary>
    public ReadOnlySpan<float> Weights { get; }
}
