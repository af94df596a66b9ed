namespace Moiety.Planning.Communication;

/// <summary>How devices exchange tokens with those that hold the experts.</summary>
public enum AllToAllKind
{
    /// <summary>Every device sends to every other: p hops.</summary>
    Flat,

    /// <summary>First inside the node, then between nodes: G + p / G hops, twice the volume.</summary>
    Hierarchical,

    /// <summary>Only with devices of the same place in their tensor group, then a gather inside it: p / L + L hops.</summary>
    Coordinated,
}
