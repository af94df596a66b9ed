namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="DenseToSparseKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Temperature">Temperature at the start; it falls to 1.</param>
/// <param name="Threshold">Smallest weight with which an expert is visited.</param>
/// <param name="Share">Share of the run after which the gate is sparse.</param>
internal sealed record DenseToSparseOptions(GateKind Kind, double Temperature, double Threshold, double Share) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Kind.Name} {Temperature}/{Threshold}/{Share}");
}
