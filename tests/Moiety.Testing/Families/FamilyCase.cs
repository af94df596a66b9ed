namespace Moiety.Testing.Families;

/// <summary>A tiny model of a family: its <c>config.json</c>, with the fields that the family's published files have.</summary>
/// <param name="Name">Family and variant.</param>
/// <param name="Config">The text of <c>config.json</c>.</param>
public sealed record FamilyCase(string Name, string Config)
{
    /// <summary>What tells whether the family computes what others compute.</summary>
    public FamilyOracle Oracle { get; init; } = FamilyOracle.LlamaCpp;

    /// <summary>Bound on |Δlogit| relative to the range of the oracle's logits, weights in F32. Largest seen without GELU: 1e-6.</summary>
    public double Bound { get; init; } = 5e-6;

    /// <summary>Tokens of the text that is compared; where the oracle leaves something out (a window), it stays below that.</summary>
    public int Length { get; init; } = 72;

    /// <summary>Context that the oracle is given, which is how it chooses between the short and the long factors of LongRoPE; 0 for the model's.</summary>
    public int OracleContext { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
