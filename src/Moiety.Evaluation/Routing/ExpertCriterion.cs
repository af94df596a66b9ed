namespace Moiety.Evaluation.Routing;

/// <summary>By what experts are ranked when some of them have to go.</summary>
public enum ExpertCriterion
{
    /// <summary>How often a router chooses it.</summary>
    Load,

    /// <summary>The sum of weight times length of its output over the tokens that chose it: what it adds to the residual stream in all.</summary>
    Weight,

    /// <summary>The mean of the same over the tokens that chose it (REAP, arXiv 2510.13999): an expert of few tokens may matter to them.</summary>
    Reap,

    /// <summary>By how much the loss grows when it alone is missing: exact for one expert, and one pass over the text for each.</summary>
    Loss,
}
