namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="NoisyTopKKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="ImportanceLoss">Coefficient of the importance loss.</param>
/// <param name="LoadLoss">Coefficient of the load loss.</param>
internal sealed record NoisyTopKOptions(GateKind Kind, double ImportanceLoss, double LoadLoss) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Kind.Name} {ImportanceLoss}/{LoadLoss}");
}
