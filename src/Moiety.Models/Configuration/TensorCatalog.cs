namespace Moiety.Models.Configuration;

/// <summary>
/// Every tensor that a configuration calls for, in the order of the forward pass. Readers check files against it, writers
/// follow it, the trainer exports it.
/// </summary>
public static class TensorCatalog
{
    /// <summary>The tensors of a model, lazily, in the order of the forward pass.</summary>
    public static IEnumerable<TensorSpec> For(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Enumerate(config);
    }

    private static IEnumerable<TensorSpec> Enumerate(ModelConfig config)
    {
        int hidden = config.HiddenSize;
        int embedded = config.EmbeddingSize > 0 ? config.EmbeddingSize : hidden;
        yield return Matrix(TensorNames.Embedding, TensorRole.Embedding, -1, config.VocabularySize, embedded);
        if (config.LearnedPositions > 0)
        {
            yield return Matrix(TensorNames.PositionEmbedding, TensorRole.PositionEmbedding, -1, config.LearnedPositions, hidden);
        }

        if (config.TokenTypeCount > 0)
        {
            yield return Matrix(TensorNames.TokenTypeEmbedding, TensorRole.TokenTypeEmbedding, -1, config.TokenTypeCount, hidden);
        }

        foreach (TensorSpec tensor in Norm(config, config.EmbeddingNorm, -1, TensorNames.EmbeddingNorm, TensorRole.EmbeddingNorm, TensorNames.EmbeddingNormBias, TensorRole.EmbeddingNormBias))
        {
            yield return tensor;
        }

        if (config.EmbeddingSize > 0)
        {
            yield return Matrix(TensorNames.EmbeddingProjection, TensorRole.EmbeddingProjection, -1, hidden, embedded);
        }

        foreach (TensorSpec tensor in RelativePositions(config).Concat(Convolution(config)))
        {
            yield return tensor;
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            foreach (TensorSpec tensor in Layer(config, layer))
            {
                yield return tensor;
            }
        }

        foreach (TensorSpec tensor in Norm(config, config.FinalNorm, -1, TensorNames.FinalNorm, TensorRole.FinalNorm, TensorNames.FinalNormBias, TensorRole.FinalNormBias))
        {
            yield return tensor;
        }

        foreach (TensorSpec tensor in Head(config, embedded).Concat(Classifier(config)))
        {
            yield return tensor;
        }
    }

    private static IEnumerable<TensorSpec> RelativePositions(ModelConfig config)
    {
        if (config.Attention.RelativeBias is { } bias)
        {
            yield return Matrix(TensorNames.RelativeBias, TensorRole.RelativeBias, -1, bias.BucketCount, config.HeadCount);
        }

        if (config.Attention.Disentangled is { } disentangled)
        {
            yield return Matrix(TensorNames.RelativeEmbedding, TensorRole.RelativeEmbedding, -1, 2 * disentangled.Span, config.HiddenSize);
            if (disentangled.Norm)
            {
                yield return Vector(TensorNames.RelativeEmbeddingNorm, TensorRole.RelativeEmbeddingNorm, -1, config.HiddenSize);
                yield return Vector(TensorNames.RelativeEmbeddingNormBias, TensorRole.RelativeEmbeddingNormBias, -1, config.HiddenSize);
            }
        }
    }

    private static IEnumerable<TensorSpec> Convolution(ModelConfig config)
    {
        if (config.Convolution is { } convolution)
        {
            int elements = checked(config.HiddenSize * config.HiddenSize);
            yield return Matrix(TensorNames.Convolution, TensorRole.Convolution, -1, elements, convolution.KernelSize);
            yield return Vector(TensorNames.ConvolutionBias, TensorRole.ConvolutionBias, -1, config.HiddenSize);
            yield return Vector(TensorNames.ConvolutionNorm, TensorRole.ConvolutionNorm, -1, config.HiddenSize);
            yield return Vector(TensorNames.ConvolutionNormBias, TensorRole.ConvolutionNormBias, -1, config.HiddenSize);
        }
    }

    private static IEnumerable<TensorSpec> Classifier(ModelConfig config)
    {
        if (config.Classifier is { } classifier)
        {
            yield return Matrix(TensorNames.ClassifierDense, TensorRole.ClassifierDense, -1, config.HiddenSize, config.HiddenSize);
            yield return Vector(TensorNames.ClassifierDenseBias, TensorRole.ClassifierDenseBias, -1, config.HiddenSize);
            yield return Matrix(TensorNames.ClassifierOutput, TensorRole.ClassifierOutput, -1, classifier.Labels.Length, config.HiddenSize);
            yield return Vector(TensorNames.ClassifierOutputBias, TensorRole.ClassifierOutputBias, -1, classifier.Labels.Length);
        }
    }

    private static IEnumerable<TensorSpec> Head(ModelConfig config, int embedded)
    {
        if (config.IsEncoder)
        {
            yield break;
        }

        if (config.EmbeddingSize > 0)
        {
            yield return Matrix(TensorNames.HeadProjection, TensorRole.HeadProjection, -1, embedded, config.HiddenSize);
        }

        if (!config.TieWordEmbeddings)
        {
            yield return Matrix(TensorNames.Head, TensorRole.Head, -1, config.VocabularySize, embedded);
        }

        if (config.HeadBias)
        {
            yield return Vector(TensorNames.HeadBias, TensorRole.HeadBias, -1, config.VocabularySize);
        }
    }

    private static IEnumerable<TensorSpec> Layer(ModelConfig config, int layer)
    {
        NormPlacement placement = config.NormPlacement;
        bool outputNorms = placement is NormPlacement.Output or NormPlacement.Sandwich;
        bool feedForwardNorm = placement is not (NormPlacement.Output or NormPlacement.Parallel);
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        IEnumerable<TensorSpec>[] parts =
        [
            Norm(config, placement != NormPlacement.Output, layer, TensorNames.AttentionNorm(layer), TensorRole.AttentionNorm, TensorNames.AttentionNormBias(layer), TensorRole.AttentionNormBias),
            Attention(config, layer),
            outputNorms ? [Vector(TensorNames.AttentionOutputNorm(layer), TensorRole.AttentionOutputNorm, layer, config.HiddenSize)] : [],
            Norm(config, feedForwardNorm, layer, TensorNames.FeedForwardNorm(layer), TensorRole.FeedForwardNorm, TensorNames.FeedForwardNormBias(layer), TensorRole.FeedForwardNormBias),
            feedForward.Moe is { } moe ? Moe(config, layer, feedForward, moe) : Dense(layer, config.HiddenSize, feedForward),
            outputNorms ? [Vector(TensorNames.FeedForwardOutputNorm(layer), TensorRole.FeedForwardOutputNorm, layer, config.HiddenSize)] : [],
        ];
        return parts.SelectMany(part => part);
    }

    private static IEnumerable<TensorSpec> Norm(ModelConfig config, bool present, int layer, string weight, TensorRole weightRole, string bias, TensorRole biasRole)
    {
        if (present && config.Norm != NormKind.LayerWithoutParameters)
        {
            yield return Vector(weight, weightRole, layer, config.HiddenSize);
            if (config.Norm == NormKind.Layer)
            {
                yield return Vector(bias, biasRole, layer, config.HiddenSize);
            }
        }
    }

    private static IEnumerable<TensorSpec> Attention(ModelConfig config, int layer)
    {
        AttentionConfig attention = config.Attention;
        int hidden = config.HiddenSize;
        int queries = checked(config.HeadCount * config.HeadSize);
        int keys = checked(config.KeyValueHeadCount * config.HeadSize);
        foreach (TensorSpec tensor in attention.Latent is { } latent ? LatentProjections(config, layer, latent, queries) : Projections(attention, layer, hidden, queries, keys))
        {
            yield return tensor;
        }

        (int queryNorm, int keyNorm) = attention.QueryKeyNorm switch
        {
            QueryKeyNorm.None => (0, 0),
            QueryKeyNorm.PerHead => (config.HeadSize, config.HeadSize),
            _ => (queries, keys),
        };
        if (queryNorm > 0)
        {
            yield return Vector(TensorNames.QueryNorm(layer), TensorRole.QueryNorm, layer, queryNorm);
            yield return Vector(TensorNames.KeyNorm(layer), TensorRole.KeyNorm, layer, keyNorm);
        }

        if (attention.Disentangled is { SharedProjections: false } disentangled)
        {
            foreach (TensorSpec tensor in RelativeProjections(disentangled, layer, hidden, queries))
            {
                yield return tensor;
            }
        }

        if (attention.Sinks)
        {
            yield return Vector(TensorNames.AttentionSinks(layer), TensorRole.AttentionSinks, layer, config.HeadCount);
        }

        int mixed = attention.Latent is { } split ? checked(config.HeadCount * split.ValueHeadSize) : queries;
        yield return Matrix(TensorNames.AttentionOutput(layer), TensorRole.AttentionOutput, layer, hidden, mixed);
        if (attention.OutputBias)
        {
            yield return Vector(TensorNames.AttentionOutputBias(layer), TensorRole.AttentionOutputBias, layer, hidden);
        }
    }

    private static IEnumerable<TensorSpec> RelativeProjections(DisentangledAttentionConfig disentangled, int layer, int hidden, int queries)
    {
        if (disentangled.ContentToPosition)
        {
            yield return Matrix(TensorNames.RelativeKey(layer), TensorRole.RelativeKey, layer, queries, hidden);
            yield return Vector(TensorNames.RelativeKeyBias(layer), TensorRole.RelativeKeyBias, layer, queries);
        }

        if (disentangled.PositionToContent)
        {
            yield return Matrix(TensorNames.RelativeQuery(layer), TensorRole.RelativeQuery, layer, queries, hidden);
            yield return Vector(TensorNames.RelativeQueryBias(layer), TensorRole.RelativeQueryBias, layer, queries);
        }
    }

    private static IEnumerable<TensorSpec> Projections(AttentionConfig attention, int layer, int hidden, int queries, int keys)
    {
        yield return Matrix(TensorNames.Query(layer), TensorRole.Query, layer, queries, hidden);
        yield return Matrix(TensorNames.Key(layer), TensorRole.Key, layer, keys, hidden);
        yield return Matrix(TensorNames.Value(layer), TensorRole.Value, layer, keys, hidden);
        if (attention.QueryKeyValueBias)
        {
            yield return Vector(TensorNames.QueryBias(layer), TensorRole.QueryBias, layer, queries);
            yield return Vector(TensorNames.KeyBias(layer), TensorRole.KeyBias, layer, keys);
            yield return Vector(TensorNames.ValueBias(layer), TensorRole.ValueBias, layer, keys);
        }
    }

    private static IEnumerable<TensorSpec> LatentProjections(ModelConfig config, int layer, LatentAttentionConfig latent, int queries)
    {
        int hidden = config.HiddenSize;
        if (latent.QueryRank > 0)
        {
            yield return Matrix(TensorNames.QueryDown(layer), TensorRole.QueryDown, layer, latent.QueryRank, hidden);
            yield return Vector(TensorNames.QueryDownNorm(layer), TensorRole.QueryDownNorm, layer, latent.QueryRank);
        }

        yield return Matrix(TensorNames.Query(layer), TensorRole.Query, layer, queries, latent.QueryRank > 0 ? latent.QueryRank : hidden);
        yield return Matrix(TensorNames.KeyValueDown(layer), TensorRole.KeyValueDown, layer, latent.KeyValueRank + latent.RotaryHeadSize, hidden);
        yield return Vector(TensorNames.KeyValueDownNorm(layer), TensorRole.KeyValueDownNorm, layer, latent.KeyValueRank);
        int up = checked(config.HeadCount * (latent.PlainHeadSize + latent.ValueHeadSize));
        yield return Matrix(TensorNames.KeyValueUp(layer), TensorRole.KeyValueUp, layer, up, latent.KeyValueRank);
    }

    private static IEnumerable<TensorSpec> Dense(int layer, int hidden, FeedForwardConfig feedForward)
    {
        int inner = feedForward.IntermediateSize;
        bool gated = feedForward.Activation.IsGated();
        if (gated)
        {
            yield return Matrix(TensorNames.Gate(layer), TensorRole.Gate, layer, inner, hidden);
        }

        yield return Matrix(TensorNames.Up(layer), TensorRole.Up, layer, inner, hidden);
        yield return Matrix(TensorNames.Down(layer), TensorRole.Down, layer, hidden, inner);
        if (feedForward.Bias)
        {
            if (gated)
            {
                yield return Vector(TensorNames.GateBias(layer), TensorRole.GateBias, layer, inner);
            }

            yield return Vector(TensorNames.UpBias(layer), TensorRole.UpBias, layer, inner);
            yield return Vector(TensorNames.DownBias(layer), TensorRole.DownBias, layer, hidden);
        }
    }

    private static IEnumerable<TensorSpec> Moe(ModelConfig config, int layer, FeedForwardConfig feedForward, MoeConfig moe)
    {
        int hidden = config.HiddenSize;
        yield return moe.Gating == GatingKind.Hash
            ? Vector(TensorNames.ExpertTable(layer), TensorRole.ExpertTable, layer, config.VocabularySize)
            : Matrix(TensorNames.Router(layer), TensorRole.Router, layer, moe.ExpertCount, hidden);
        if (moe.RouterBias)
        {
            yield return Vector(TensorNames.RouterBias(layer), TensorRole.RouterBias, layer, moe.ExpertCount);
        }

        if (moe.SelectionBias)
        {
            yield return Vector(TensorNames.SelectionBias(layer), TensorRole.SelectionBias, layer, moe.ExpertCount);
        }

        foreach (TensorSpec tensor in Experts(layer, hidden, feedForward.Activation.IsGated(), moe).Concat(FixedBranches(layer, hidden, feedForward, moe)))
        {
            yield return tensor;
        }
    }

    private static IEnumerable<TensorSpec> Experts(int layer, int hidden, bool gated, MoeConfig moe)
    {
        int inner = moe.ExpertIntermediateSize;
        for (int expert = 0; expert < moe.ExpertCount; expert++)
        {
            if (gated)
            {
                yield return Matrix(TensorNames.ExpertGate(layer, expert), TensorRole.ExpertGate, layer, inner, hidden, expert);
            }

            yield return Matrix(TensorNames.ExpertUp(layer, expert), TensorRole.ExpertUp, layer, inner, hidden, expert);
            yield return Matrix(TensorNames.ExpertDown(layer, expert), TensorRole.ExpertDown, layer, hidden, inner, expert);
            if (moe.ExpertBias && gated)
            {
                yield return Vector(TensorNames.ExpertGateBias(layer, expert), TensorRole.ExpertGateBias, layer, inner, expert);
            }

            if (moe.ExpertBias)
            {
                yield return Vector(TensorNames.ExpertUpBias(layer, expert), TensorRole.ExpertUpBias, layer, inner, expert);
                yield return Vector(TensorNames.ExpertDownBias(layer, expert), TensorRole.ExpertDownBias, layer, hidden, expert);
            }
        }
    }

    private static IEnumerable<TensorSpec> FixedBranches(int layer, int hidden, FeedForwardConfig feedForward, MoeConfig moe)
    {
        bool gated = feedForward.Activation.IsGated();
        if (moe.Residual)
        {
            int inner = feedForward.IntermediateSize;
            if (gated)
            {
                yield return Matrix(TensorNames.ResidualGate(layer), TensorRole.ResidualGate, layer, inner, hidden);
            }

            yield return Matrix(TensorNames.ResidualUp(layer), TensorRole.ResidualUp, layer, inner, hidden);
            yield return Matrix(TensorNames.ResidualDown(layer), TensorRole.ResidualDown, layer, hidden, inner);
            yield return Matrix(TensorNames.Coefficient(layer), TensorRole.Coefficient, layer, 2, hidden);
            yield return Vector(TensorNames.CoefficientBias(layer), TensorRole.CoefficientBias, layer, 2);
        }

        if (moe.SharedIntermediateSize > 0)
        {
            int inner = moe.SharedIntermediateSize;
            if (gated)
            {
                yield return Matrix(TensorNames.SharedGate(layer), TensorRole.SharedGate, layer, inner, hidden);
            }

            yield return Matrix(TensorNames.SharedUp(layer), TensorRole.SharedUp, layer, inner, hidden);
            yield return Matrix(TensorNames.SharedDown(layer), TensorRole.SharedDown, layer, hidden, inner);
            if (moe.SharedGate)
            {
                yield return Matrix(TensorNames.SharedWeight(layer), TensorRole.SharedWeight, layer, 1, hidden);
            }
        }
    }

    private static TensorSpec Matrix(string name, TensorRole role, int layer, int rows, int columns, int expert = -1) =>
        new(name, role, layer, expert, rows, columns, IsVector: false);

    private static TensorSpec Vector(string name, TensorRole role, int layer, int length, int expert = -1) =>
        new(name, role, layer, expert, 1, length, IsVector: true);
}
