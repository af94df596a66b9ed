namespace Moiety.Training.Routing;

/// <summary>How many tokens an expert takes: C = max(minimum, ceil(k * tokens / experts * factor)).</summary>
/// <param name="Factor">Capacity over the load of perfect balance; above 0.</param>
/// <param name="Minimum">Fewest tokens that every expert takes.</param>
/// <param name="Policy">Which tokens are dropped.</param>
public sealed record ExpertCapacity(double Factor, int Minimum, DropPolicy Policy)
{
    /// <summary>The capacity in tokens.</summary>
    public int Tokens(int tokens, int experts, int topK) =>
        Math.Max(Minimum, (int)Math.Min(int.MaxValue, Math.Ceiling((double)topK * tokens / experts * Factor)));
}
