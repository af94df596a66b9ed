using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Random architectures without what the trainer refuses.</summary>
public static class TrainableConfig
{
    /// <summary>The architecture of a seed.</summary>
    public static ModelConfig Draw(ulong seed)
    {
        ModelConfig config = RandomConfig.DrawWithAttention(seed);
        AttentionConfig attention = config.Attention;
        bool wasLatent = attention.Latent is not null;
        return config with
        {
            HeadSize = wasLatent ? 12 : config.HeadSize,
            Rotary = wasLatent ? new RotaryConfig { Theta = 100 } : Unscaled(config.Rotary),
            LayerAttentions = wasLatent ? [] : [.. config.LayerAttentions.Select(layer => layer with { Rotary = Unscaled(layer.Rotary) })],
            Attention = attention with { Latent = null, LogitSoftCap = 0, ClipQueryKeyValue = 0, Sinks = false, AlibiMaxBias = 0 },
            IsEncoder = false,
            TokenTypeCount = 0,
            FeedForwards = [.. config.FeedForwards.Select(layer => layer.Moe is { Gating: GatingKind.SparseMixer } moe
                ? layer with { Moe = moe with { Gating = GatingKind.Sigmoid } }
                : layer)],
        };
    }

    private static RotaryConfig? Unscaled(RotaryConfig? rotary) => rotary is null ? null : rotary with { Scaling = null };
}
