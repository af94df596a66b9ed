namespace Moiety.Training.Routing;

/// <summary>Which choices the load-balancing loss counts.</summary>
public enum BalancedChoices
{
    /// <summary>The first choice of every token, as in GShard and DeepSpeed-MoE for one and two experts per token.</summary>
    First,

    /// <summary>All k choices of every token.</summary>
    All,
}
