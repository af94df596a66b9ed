namespace Moiety.Models.Configuration;

/// <summary>
/// What a configuration has beyond the plain decoder (RMSNorm before attention and feed-forward, rotary positions, grouped-query
/// attention, SwiGLU, softmax-gated experts). Families that cannot express a feature and the trainer, which does not compute it,
/// refuse it by the name that it has here.
/// </summary>
public static class ConfigFeatures
{
    /// <summary>The names of the features, in the words of the configuration.</summary>
    public static IEnumerable<string> Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return OfModel(config).Concat(OfAttention(config)).Concat(config.FeedForwards.SelectMany(OfFeedForward)).Distinct();
    }

    private static IEnumerable<string> OfModel(ModelConfig config) => Chosen(
        (config.Norm != NormKind.Rms, nameof(config.Norm)),
        (config.NormPlacement != NormPlacement.Pre, nameof(config.NormPlacement)),
        (!config.FinalNorm, nameof(config.FinalNorm)),
        (config.LearnedPositions > 0 || config.PositionOffset != 0, nameof(config.LearnedPositions)),
        (config.TokenTypeCount > 0, nameof(config.TokenTypeCount)),
        (config.EmbeddingNorm, nameof(config.EmbeddingNorm)),
        (config.EmbeddingScale != 1, nameof(config.EmbeddingScale)),
        (config.EmbeddingSize > 0, nameof(config.EmbeddingSize)),
        (config.ResidualScale != 1, nameof(config.ResidualScale)),
        (config.LogitScale != 1, nameof(config.LogitScale)),
        (config.LogitSoftCap != 0, nameof(config.LogitSoftCap)),
        (config.HeadBias, nameof(config.HeadBias)),
        (config.IsEncoder, nameof(config.IsEncoder)),
        (config.Convolution is not null, nameof(config.Convolution)),
        (config.Classifier is not null, nameof(config.Classifier)));

    private static IEnumerable<string> OfAttention(ModelConfig config)
    {
        AttentionConfig attention = config.Attention;
        LayerAttention[] layers = [.. Enumerable.Range(0, config.LayerCount).Select(config.AttentionOf).Distinct()];
        return Chosen(
            (layers.Any(layer => layer.Window > 0), nameof(LayerAttention.Window)),
            (layers.Any(layer => layer.Rotary is null), "no rotary positions"),
            (layers.Select(layer => layer.Rotary).Distinct().Count() > 1, nameof(config.LayerAttentions)),
            (layers.Any(layer => layer.Rotary?.Scaling is not null), nameof(RotaryConfig.Scaling)),
            (layers.Any(layer => layer.Rotary?.Dimensions is { } dimensions && dimensions != config.HeadSize), nameof(RotaryConfig.Dimensions)),
            (attention.QueryKeyValueBias, nameof(attention.QueryKeyValueBias)),
            (attention.OutputBias, nameof(attention.OutputBias)),
            (attention.QueryKeyNorm != QueryKeyNorm.None, nameof(attention.QueryKeyNorm)),
            (attention.Scale is not null, nameof(attention.Scale)),
            (attention.LogitSoftCap != 0, "attention " + nameof(attention.LogitSoftCap)),
            (attention.ClipQueryKeyValue != 0, nameof(attention.ClipQueryKeyValue)),
            (attention.Sinks, nameof(attention.Sinks)),
            (attention.AlibiMaxBias != 0, nameof(attention.AlibiMaxBias)),
            (attention.RelativeBias is not null, nameof(attention.RelativeBias)),
            (attention.Disentangled is not null, nameof(attention.Disentangled)),
            (attention.Latent is not null, nameof(attention.Latent)));
    }

    private static IEnumerable<string> OfFeedForward(FeedForwardConfig layer) => Chosen(
        (layer.Activation != Activation.SiluGated, nameof(layer.Activation)),
        (layer.Bias, nameof(layer.Bias))).Concat(layer.Moe is { } moe ? OfMoe(moe) : []);

    private static IEnumerable<string> OfMoe(MoeConfig moe) => Chosen(
        (moe.Gating != GatingKind.Softmax, nameof(moe.Gating)),
        (moe.RouterBias, nameof(moe.RouterBias)),
        (moe.SelectionBias, nameof(moe.SelectionBias)),
        (moe.GroupCount != 1 || moe.GroupTopK != 1, nameof(moe.GroupCount)),
        (moe.WeightScale != 1, nameof(moe.WeightScale)),
        (moe.ExpertBias, nameof(moe.ExpertBias)),
        (moe.SharedIntermediateSize > 0, nameof(moe.SharedIntermediateSize)));

    private static IEnumerable<string> Chosen(params (bool Present, string Name)[] features) =>
        features.Where(feature => feature.Present).Select(feature => feature.Name);
}
