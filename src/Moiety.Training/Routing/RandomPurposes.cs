namespace Moiety.Training.Routing;

/// <summary>What random numbers in routers are for: every purpose has a stream of its own in each pass and layer.</summary>
internal static class RandomPurposes
{
    /// <summary>Which assignments beyond the capacity are dropped.</summary>
    internal const ulong Drop = 0x64726f70;

    /// <summary>Factors of what the router reads.</summary>
    internal const ulong Jitter = 0x6a697474;

    /// <summary>Noise of logits by which experts are drawn.</summary>
    internal const ulong Gumbel = 0x67756d62;

    /// <summary>Normal noise of a learned size.</summary>
    internal const ulong Normal = 0x6e6f6973;

    /// <summary>Whether a second expert is visited.</summary>
    internal const ulong Visit = 0x76697369;

    /// <summary>Which of the near experts SparseMixer takes, and how it weighs them.</summary>
    internal const ulong Mixer = 0x6d697865;
}
