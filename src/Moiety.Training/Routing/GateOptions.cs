namespace Moiety.Training.Routing;

/// <summary>
/// A gate as a configuration value: its kind, and in derived records what concerns its training only. What the served model has stands in
/// its <see cref="Models.Configuration.MoeConfig"/>.
/// </summary>
/// <param name="Kind">The rule.</param>
public record GateOptions(GateKind Kind)
{
    /// <summary>What a resumed run must share with the one that wrote the checkpoint; no semicolons.</summary>
    internal virtual string Fingerprint => Kind.Name;
}
