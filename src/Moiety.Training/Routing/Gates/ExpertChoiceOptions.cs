namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="ExpertChoiceKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="CapacityFactor">Rows of all experts together over tokens * k.</param>
internal sealed record ExpertChoiceOptions(GateKind Kind, double CapacityFactor) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Kind.Name} {CapacityFactor}");
}
