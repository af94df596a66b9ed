using System.Collections.Immutable;

namespace Moiety.Planning.Layouts;

/// <summary>What a user fixes of a layout; the rest follows from rules.</summary>
public sealed record LayoutOptions
{
    /// <summary>Tensor-slicing degree, L; null to choose.</summary>
    public int? Tensor { get; init; }

    /// <summary>Expert-parallel degrees: none to follow the rule, one for all MoE layers, or one for each.</summary>
    public ImmutableArray<int> ExpertParallel { get; init; } = [];

    /// <summary>Devices that share each expert; null to choose.</summary>
    public int? ExpertSlice { get; init; }

    /// <summary>
    /// Whether experts are sliced where there are more devices than experts. In serving that lowers latency; in training copies of an
    /// expert, each with its own tokens, cost less communication.
    /// </summary>
    public bool SliceSpareDevices { get; init; }
}
