namespace Moiety.Models.Configuration;

/// <summary>How groups of experts are ranked in group-limited routing.</summary>
public enum GroupScore
{
    /// <summary>By the best expert of the group (DeepSeek-V2).</summary>
    Best,

    /// <summary>By the sum of the two best experts of the group (DeepSeek-V3).</summary>
    BestTwo,
}
