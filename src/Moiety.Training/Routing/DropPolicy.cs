namespace Moiety.Training.Routing;

/// <summary>Which tokens an expert gives up when more choose it than its capacity holds.</summary>
public enum DropPolicy
{
    /// <summary>
    /// A random choice (the "random token selection" of DeepSpeed-MoE, arXiv 2201.05596): keeping the first ones would
    /// systematically starve late positions.
    /// </summary>
    Random,

    /// <summary>The latest positions.</summary>
    Position,

    /// <summary>The tokens whose router probability for the expert is lowest.</summary>
    Probability,
}
