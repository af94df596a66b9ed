namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="HashKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="IsBalanced">Whether the table evens out how often ids occur in the corpus, instead of being random.</param>
/// <param name="Seed">Seed of a random table; null for the run's.</param>
internal sealed record HashOptions(GateKind Kind, bool IsBalanced, ulong? Seed) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Kind.Name} {(IsBalanced ? "balanced" : "random")} {Seed}").TrimEnd();
}
