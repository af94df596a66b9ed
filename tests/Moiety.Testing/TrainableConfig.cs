using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Random architectures without what the trainer refuses.</summary>
public static class TrainableConfig
{
    /// <summary>The architecture of a seed.</summary>
    public static ModelConfig Draw(ulong seed)
    {
        ModelConfig config = RandomConfig.DrawWithAttention(seed);
        return config with
        {
            IsEncoder = false,
            TokenTypeCount = 0,
        };
    }
}
