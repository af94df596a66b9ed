namespace Moiety.Experiments.Claims;

/// <summary>What measurements say about a claim.</summary>
public enum Verdict
{
    /// <summary>No seed of both arms has been trained.</summary>
    NotMeasured,

    /// <summary>The mean does not keep the bound, or a seed has no figure.</summary>
    DoesNotHold,

    /// <summary>The mean keeps the bound, the interval reaches beyond it.</summary>
    HoldsOnAverage,

    /// <summary>The whole interval keeps the bound.</summary>
    Holds,
}
