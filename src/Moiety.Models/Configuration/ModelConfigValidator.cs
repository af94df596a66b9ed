namespace Moiety.Models.Configuration;

/// <summary>
/// The rules that a configuration keeps, whoever wrote it: sizes positive and sane, parts that fit each other. Files are
/// hostile, so the limits also bound what a reader allocates.
/// </summary>
internal static class ModelConfigValidator
{
    /// <summary>Limit of every width.</summary>
    public const int MaxWidth = 1 << 20;
    private const int MaxVocabulary = 1 << 24;
    private const int MaxContext = 1 << 28;
    /// <summary>Layers of a model, at most.</summary>
    public const int MaxLayers = 4096;
    private const int MaxExpertsPerLayer = 16384;
    private const int MaxExperts = 1 << 18;

    /// <summary>The first rule that is broken, as (field, reason); null when all hold.</summary>
    public static (string Field, string Reason)? FindError(ModelConfig config) =>
        Size("vocabulary size", config.VocabularySize, MaxVocabulary)
        ?? Size("hidden size", config.HiddenSize, MaxWidth)
        ?? Size("context length", config.ContextLength, MaxContext)
        ?? Layers(config)
        ?? Attention(config)
        ?? AttentionConfigValidator.FindError(config)
        ?? Norms(config)
        ?? Embedding(config)
        ?? Convolution(config)
        ?? Classifier(config)
        ?? SpecialTokens(config);

    private static (string, string)? Attention(ModelConfig config)
    {
        if ((Size("number of attention heads", config.HeadCount, MaxWidth)
            ?? Size("number of key-value heads", config.KeyValueHeadCount, MaxWidth)
            ?? Size("head size", config.HeadSize, MaxWidth)) is { } error)
        {
            return error;
        }

        if ((long)config.HeadCount * config.HeadSize > MaxWidth)
        {
            return ("head size", $"{config.HeadCount} heads of {config.HeadSize} are wider than the limit of {MaxWidth}");
        }

        if (config.HeadCount % config.KeyValueHeadCount != 0)
        {
            return ("number of key-value heads", $"{config.KeyValueHeadCount} does not divide the {config.HeadCount} attention heads");
        }

        return config.NormEpsilon > 0 && config.NormEpsilon < 1
            ? null
            : ("norm epsilon", $"{config.NormEpsilon} is not between 0 and 1");
    }

    private static (string, string)? Layers(ModelConfig config)
    {
        if (config.FeedForwards.IsDefaultOrEmpty)
        {
            return ("number of layers", "there is no layer");
        }

        if (config.LayerCount > MaxLayers)
        {
            return ("number of layers", $"{config.LayerCount} is more than the limit of {MaxLayers}");
        }

        long experts = 0;
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            FeedForwardConfig feedForward = config.FeedForwards[layer];
            if (FeedForward(layer, feedForward) is { } error)
            {
                return error;
            }

            experts += feedForward.Moe?.ExpertCount ?? 0;
        }

        return experts <= MaxExperts
            ? null
            : ("number of experts", $"{experts} over all layers is more than the limit of {MaxExperts}");
    }

    private static (string, string)? FeedForward(int layer, FeedForwardConfig feedForward)
    {
        if (feedForward.Moe is not { } moe)
        {
            return Size($"layer {layer}: intermediate size", feedForward.IntermediateSize, MaxWidth);
        }

        if (feedForward.Bias)
        {
            return ($"layer {layer}: biases", "a layer of experts has biases in its experts only");
        }

        if ((Size($"layer {layer}: number of experts", moe.ExpertCount, MaxExpertsPerLayer)
            ?? Size($"layer {layer}: expert intermediate size", moe.ExpertIntermediateSize, MaxWidth)) is { } error)
        {
            return error;
        }

        if (moe.TopK < 1 || moe.TopK > moe.ExpertCount)
        {
            return ($"layer {layer}: experts per token", $"{moe.TopK} is not between 1 and the {moe.ExpertCount} experts of the layer");
        }

        if (Routing(layer, moe) is { } routing)
        {
            return routing;
        }

        if (moe.Residual)
        {
            return Size($"layer {layer}: intermediate size of the fixed MLP", feedForward.IntermediateSize, MaxWidth);
        }

        return feedForward.IntermediateSize == 0
            ? null
            : ($"layer {layer}: intermediate size", $"{feedForward.IntermediateSize}, but a layer of experts without a fixed MLP has no dense width: it must be 0");
    }

    private static (string, string)? Routing(int layer, MoeConfig moe)
    {
        if (moe.GroupCount < 1 || moe.ExpertCount % moe.GroupCount != 0 || moe.GroupTopK < 1 || moe.GroupTopK > moe.GroupCount)
        {
            return ($"layer {layer}: groups of experts", $"{moe.GroupTopK} of {moe.GroupCount} groups do not fit {moe.ExpertCount} experts");
        }

        if (moe.TopK > moe.ExpertCount / moe.GroupCount * moe.GroupTopK)
        {
            return ($"layer {layer}: experts per token", $"{moe.TopK} is more than {moe.GroupTopK} groups of {moe.ExpertCount / moe.GroupCount} hold");
        }

        if (moe.Gating == GatingKind.SparseMixer && moe.TopK != 2)
        {
            return ($"layer {layer}: experts per token", $"SparseMixer chooses 2, not {moe.TopK}");
        }

        if (moe.Gating == GatingKind.SparseMixer && (moe.SelectionBias || moe.GroupCount != 1 || moe.NormalizeTopK))
        {
            return ($"layer {layer}: gating", "SparseMixer has no bias for the choice, no groups and no normalization");
        }

        if (moe.Gating == GatingKind.Hash && moe.TopK != 1)
        {
            return ($"layer {layer}: experts per token", $"hash routing gives each token 1, not {moe.TopK}");
        }

        if (moe.Gating == GatingKind.Hash && (moe.RouterBias || moe.SelectionBias || moe.GroupCount != 1 || moe.NormalizeTopK))
        {
            return ($"layer {layer}: gating", "hash routing has no biases, no groups and no normalization");
        }

        if (!float.IsFinite(moe.SparseMixerJitter) || moe.SparseMixerJitter < 0)
        {
            return ($"layer {layer}: jitter of SparseMixer", $"{moe.SparseMixerJitter} is negative or not a number");
        }

        if (!float.IsFinite(moe.WeightScale) || moe.WeightScale <= 0)
        {
            return ($"layer {layer}: scale of the experts' weights", $"{moe.WeightScale} is not a positive number");
        }

        return moe.SharedIntermediateSize == 0 ? null : Size($"layer {layer}: width of the shared experts", moe.SharedIntermediateSize, MaxWidth);
    }

    private static (string, string)? Norms(ModelConfig config) =>
        config.NormPlacement is NormPlacement.Output or NormPlacement.Sandwich && config.Norm != NormKind.Rms
            ? ("norm kind", $"{config.Norm} cannot stand after a branch; only {NormKind.Rms} does")
            : null;

    private static (string, string)? Embedding(ModelConfig config)
    {
        if (config.LearnedPositions is < 0 or > MaxContext || config.PositionOffset < 0 || config.PositionOffset > config.LearnedPositions)
        {
            return ("learned positions", $"{config.LearnedPositions} rows from row {config.PositionOffset} on make no sense");
        }

        if (config.LearnedPositions > 0 && config.ContextLength > config.LearnedPositions - config.PositionOffset)
        {
            return ("context length", $"{config.ContextLength} tokens, but there are only {config.LearnedPositions - config.PositionOffset} learned positions");
        }

        if (config.TokenTypeCount is < 0 or > MaxWidth)
        {
            return ("token types", $"{config.TokenTypeCount} is not between 0 and {MaxWidth}");
        }

        if (config.EmbeddingSize is < 0 or > MaxWidth)
        {
            return ("embedding size", $"{config.EmbeddingSize} is not between 0 and {MaxWidth}");
        }

        if (config.LogitSoftCap < 0 || !float.IsFinite(config.LogitSoftCap))
        {
            return ("soft cap of the logits", $"{config.LogitSoftCap} is not a positive number, and not 0 for none");
        }

        foreach ((string field, float factor) in (ReadOnlySpan<(string, float)>)[
            ("scale of the embedding", config.EmbeddingScale), ("scale of the residual branches", config.ResidualScale), ("scale of the logits", config.LogitScale)])
        {
            if (!float.IsFinite(factor) || factor == 0)
            {
                return (field, $"{factor} is not a number other than 0");
            }
        }

        return null;
    }

    private static (string, string)? Convolution(ModelConfig config)
    {
        const int MaxKernel = 63;
        const int MaxConvolvedWidth = 1 << 14;
        if (config.Convolution is not { } convolution)
        {
            return null;
        }

        return !config.IsEncoder || config.Norm != NormKind.Layer ? ("convolution", "the model is no encoder with layer norms")
            : convolution.KernelSize is < 1 or > MaxKernel || convolution.KernelSize % 2 == 0 ? ("size of the convolution", $"{convolution.KernelSize} is not an odd number up to {MaxKernel}")
            : convolution.Activation == EncoderActivation.Relu ? ("activation of the convolution", "it is neither tanh nor GELU")
            : config.HiddenSize > MaxConvolvedWidth ? ("hidden size", $"{config.HiddenSize} is more than {MaxConvolvedWidth}, the limit of a model with a convolution")
            : null;
    }

    private static (string, string)? Classifier(ModelConfig config)
    {
        if (config.Classifier is not { } classifier)
        {
            return null;
        }

        return !config.IsEncoder ? ("classifier", "the model is no encoder")
            : classifier.Labels.IsDefaultOrEmpty || classifier.Labels.Length > MaxWidth ? ("labels", $"there are {(classifier.Labels.IsDefault ? 0 : classifier.Labels.Length)}, not 1 to {MaxWidth}")
            : null;
    }

    private static (string, string)? SpecialTokens(ModelConfig config)
    {
        if (config.BosTokenId is { } bos && (bos < 0 || bos >= config.VocabularySize))
        {
            return ("BOS token", $"id {bos} is not in the vocabulary of {config.VocabularySize}");
        }

        if (config.EosTokenIds.IsDefault)
        {
            return ("EOS tokens", "the list is not set");
        }

        foreach (int eos in config.EosTokenIds)
        {
            if (eos < 0 || eos >= config.VocabularySize)
            {
                return ("EOS tokens", $"id {eos} is not in the vocabulary of {config.VocabularySize}");
            }
        }

        return null;
    }

    /// <summary>Checks that a size is positive and sane.</summary>
    public static (string, string)? Size(string field, int value, int limit) => value switch
    {
        <= 0 => (field, $"{value} is not positive"),
        _ when value > limit => (field, $"{value} is more than the limit of {limit}"),
        _ => null,
    };
}
