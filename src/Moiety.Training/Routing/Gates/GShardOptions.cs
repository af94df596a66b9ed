namespace Moiety.Training.Routing.Gates;

/// <summary>Options of <see cref="GShardKind"/>.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="SecondNoise">Whether the second expert is chosen with Gumbel noise in training.</param>
/// <param name="SecondRandom">Whether the second expert is visited at random in training.</param>
internal sealed record GShardOptions(GateKind Kind, bool SecondNoise, bool SecondRandom) : GateOptions(Kind)
{
    /// <inheritdoc/>
    internal override string Fingerprint => $"{Kind.Name} {SecondNoise}/{SecondRandom}";
}
