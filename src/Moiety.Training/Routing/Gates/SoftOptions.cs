namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="SoftKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Slots">Slots of every expert.</param>
internal sealed record SoftOptions(GateKind Kind, int Slots) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Kind.Name} {Slots}");
}
