using System.Collections.Immutable;

namespace Moiety.Decoding.Encoders;

/// <summary>What a classifier says of a text.</summary>
/// <param name="Labels">The classes, the likeliest first.</param>
public sealed record Classification(ImmutableArray<LabelScore> Labels)
{
    /// <summary>The likeliest class.</summary>
    public LabelScore Best => Labels[0];
}
