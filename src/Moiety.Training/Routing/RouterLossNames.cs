namespace Moiety.Training.Routing;

/// <summary>The losses of routers, by the names that metrics use; the configuration calls a coefficient "name_loss".</summary>
internal static class RouterLossNames
{
    /// <summary>Load balance of Switch Transformer.</summary>
    internal const string Balance = "balance";

    /// <summary>Mean squared logsumexp of the logits.</summary>
    internal const string Z = "z";
}
