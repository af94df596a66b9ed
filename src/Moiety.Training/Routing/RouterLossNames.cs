namespace Moiety.Training.Routing;

/// <summary>The losses of routers, by the names that metrics use.</summary>
internal static class RouterLossNames
{
    /// <summary>Load balance of Switch Transformer.</summary>
    internal const string Balance = "balance";

    /// <summary>Mean squared logsumexp of the logits.</summary>
    internal const string Z = "z";

    /// <summary>Load balance within sequences.</summary>
    internal const string SequenceBalance = "sequence_balance";

    /// <summary>Squared coefficient of variation of the experts' summed weights.</summary>
    internal const string Importance = "importance";

    /// <summary>Squared coefficient of variation of the experts' expected load.</summary>
    internal const string Load = "load";
}
