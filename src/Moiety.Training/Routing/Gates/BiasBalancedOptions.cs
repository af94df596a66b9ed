namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="BiasBalancedKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Choices">Options of the choice.</param>
/// <param name="UpdateRate">u: what a bias moves by after each optimizer step.</param>
/// <param name="SequenceLoss">Coefficient of the balance loss within sequences; 0 for none.</param>
internal sealed record BiasBalancedOptions(GateKind Kind, TopKOptions Choices, double UpdateRate, double SequenceLoss) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Choices.Fingerprint}/{UpdateRate}/{SequenceLoss}");
}
