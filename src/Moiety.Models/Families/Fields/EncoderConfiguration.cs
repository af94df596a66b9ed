using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// The fields that the encoders in the manner of BERT (arXiv 1810.04805) share: LayerNorm after attention and feed-forward, biases
/// everywhere, an embedding with a norm, and perhaps a classification head. A family adds its positions. What cannot be computed is
/// refused by name.
/// </summary>
internal static class EncoderConfiguration
{
    private const string Classification = "ForSequenceClassification";
    private const int MaxLabels = 1 << 16;

    /// <summary>Reads the shared fields of <c>config.json</c>.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="family">Name of the family.</param>
    /// <param name="positionOffset">First row of the learned positions that is used.</param>
    public static ModelConfig ReadHuggingFace(ConfigFields fields, string family, int positionOffset)
    {
        RefuseUnsupported(fields);

        // What other programs note for themselves: the first BERT, cross-encoders, sentence-transformers.
        fields.Ignore(
            "directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type",
            "sbert_ce_default_activation_function", "sentence_transformers", "legacy");
        int layers = LayerCount.Check(fields.RequiredInt32("num_hidden_layers", "n_layers"), reason => fields.Error("num_hidden_layers", reason));
        int hidden = fields.RequiredInt32("hidden_size", "dim");
        int heads = fields.RequiredInt32("num_attention_heads", "n_heads");
        int headSize = fields.Int32("attention_head_size") ?? (heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw fields.Error("num_attention_heads", $"{heads} does not divide the hidden size {hidden}"));
        int positions = fields.RequiredInt32("max_position_embeddings");
        FeedForwardConfig layer = new()
        {
            Activation = ReadActivation(fields),
            IntermediateSize = fields.RequiredInt32("intermediate_size", "hidden_dim"),
            Bias = true,
        };
        return Create(family, [.. Enumerable.Repeat(layer, layers)]) with
        {
            VocabularySize = fields.RequiredInt32("vocab_size"),
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = headSize,
            ContextLength = positions - positionOffset,
            NormEpsilon = fields.Single("layer_norm_eps") ?? 1e-12f,
            LearnedPositions = positions,
            PositionOffset = positionOffset,
            TokenTypeCount = fields.Int32("type_vocab_size") ?? 0,
            Classifier = ReadClassifier(fields),
            BosTokenId = fields.Int32("bos_token_id"),
            EosTokenIds = fields.Int32List("eos_token_id") ?? [],
        };
    }

    /// <summary>Writes the shared fields of <c>config.json</c>.</summary>
    /// <param name="config">The model.</param>
    /// <param name="json">The file.</param>
    /// <param name="prefix">How the library's classes of the family begin.</param>
    public static void WriteHuggingFace(ModelConfig config, JsonObject json, string prefix)
    {
        json["vocab_size"] = config.VocabularySize;
        json["hidden_size"] = config.HiddenSize;
        json["num_hidden_layers"] = config.LayerCount;
        json["num_attention_heads"] = config.HeadCount;
        if ((long)config.HeadCount * config.HeadSize != config.HiddenSize)
        {
            json["attention_head_size"] = config.HeadSize;
        }

        json["intermediate_size"] = config.FeedForwards[0].IntermediateSize;
        json["hidden_act"] = config.FeedForwards[0].Activation switch
        {
            Activation.GeluTanh => "gelu_pytorch_tanh",
            Activation.Relu => "relu",
            _ => "gelu",
        };
        json["max_position_embeddings"] = config.ContextLength + config.PositionOffset;
        json["type_vocab_size"] = config.TokenTypeCount;
        json["layer_norm_eps"] = config.NormEpsilon;
        json["bos_token_id"] = config.BosTokenId;
        json["eos_token_id"] = config.EosTokenIds is [var eos, ..] ? eos : null;
        if (config.Classifier is { } classifier)
        {
            json["architectures"] = new JsonArray(prefix + Classification);
            json["id2label"] = new JsonObject(classifier.Labels.Select((label, id) => KeyValuePair.Create($"{id}", (JsonNode?)label)));
            json["label2id"] = new JsonObject(classifier.Labels.Select((label, id) => (label, id)).DistinctBy(pair => pair.label)
                .Select(pair => KeyValuePair.Create(pair.label, (JsonNode?)pair.id)));
            json["problem_type"] = classifier.Problem switch
            {
                ClassificationProblem.MultiLabel => "multi_label_classification",
                ClassificationProblem.Regression => "regression",
                _ => "single_label_classification",
            };
        }
    }

    /// <summary>Reads the shared keys of GGUF metadata.</summary>
    public static ModelConfig ReadGguf(GgufMetadata metadata, string family, string architecture, Predicate<string> hasTensor)
    {
        string Key(string name) => $"{architecture}.{name}";
        if (metadata.Boolean(Key("attention.causal")) is true)
        {
            throw metadata.Error(Key("attention.causal"), "an encoder whose tokens see only those before them is not supported");
        }

        int hidden = metadata.RequiredInt32(Key("embedding_length"));
        int heads = metadata.RequiredInt32(Key("attention.head_count"));
        int headSize = metadata.Int32(Key("attention.key_length")) ?? (heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw metadata.Error(Key("attention.head_count"), $"{heads} does not divide the embedding length {hidden}"));
        int context = metadata.RequiredInt32(Key("context_length"));
        FeedForwardConfig layer = new()
        {
            Activation = metadata.Text(Key("moiety.activation")) switch
            {
                null or "gelu" => Activation.Gelu,
                "gelu_tanh" => Activation.GeluTanh,
                "relu" => Activation.Relu,
                var other => throw metadata.Error(Key("moiety.activation"), $"the activation \"{other}\" is not supported"),
            },
            IntermediateSize = metadata.RequiredInt32(Key("feed_forward_length")),
            Bias = true,
        };
        return Create(family, [.. Enumerable.Repeat(layer, LayerCount.Read(metadata, architecture))]) with
        {
            VocabularySize = metadata.Int32(Key("vocab_size")) ?? metadata.Texts("tokenizer.ggml.tokens")?.Length
                ?? throw metadata.Error(Key("vocab_size"), "the key is missing, and so is the tokenizer that would tell the size"),
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = headSize,
            ContextLength = context,
            NormEpsilon = metadata.RequiredSingle(Key("attention.layer_norm_epsilon")),
            LearnedPositions = hasTensor("position_embd.weight") ? context : 0,
            TokenTypeCount = hasTensor("token_types.weight") ? metadata.Int32("tokenizer.ggml.token_type_count") ?? 1 : 0,
            Classifier = ReadClassifier(metadata, architecture, hasTensor),
            BosTokenId = GgufSpecialTokens.ReadBos(metadata),
            EosTokenIds = GgufSpecialTokens.ReadEos(metadata),
        };
    }

    /// <summary>Writes the shared keys of GGUF metadata.</summary>
    public static void WriteGguf(ModelConfig config, string architecture, GgufMetadata metadata)
    {
        void Set(string name, GgufValue? value) => metadata.Set($"{architecture}.{name}", value);
        FeedForwardConfig layer = config.FeedForwards[0];
        Set("vocab_size", GgufValue.OfSize(config.VocabularySize));
        Set("context_length", GgufValue.OfSize(config.ContextLength));
        Set("embedding_length", GgufValue.OfSize(config.HiddenSize));
        Set("block_count", GgufValue.OfSize(config.LayerCount));
        Set("feed_forward_length", GgufValue.OfSize(layer.IntermediateSize));
        Set("attention.head_count", GgufValue.OfSize(config.HeadCount));
        Set("attention.key_length", (long)config.HeadCount * config.HeadSize == config.HiddenSize ? null : GgufValue.OfSize(config.HeadSize));
        Set("attention.layer_norm_epsilon", GgufValue.Of(config.NormEpsilon));
        Set("attention.causal", GgufValue.Of(false));
        Set("moiety.activation", layer.Activation switch
        {
            Activation.GeluTanh => GgufValue.Of("gelu_tanh"),
            Activation.Relu => GgufValue.Of("relu"),
            _ => null,
        });
        metadata.Set("tokenizer.ggml.token_type_count", GgufValue.OfSize(config.TokenTypeCount));
        if (config.Classifier is { } classifier)
        {
            Set("classifier.output_labels", GgufValue.Of([.. classifier.Labels]));
            Set("moiety.classifier.activation", classifier.Activation == EncoderActivation.Gelu ? GgufValue.Of("gelu") : null);
            Set("moiety.classifier.problem", classifier.Problem switch
            {
                ClassificationProblem.MultiLabel => GgufValue.Of("multi_label"),
                ClassificationProblem.Regression => GgufValue.Of("regression"),
                _ => GgufValue.Of("single_label"),
            });
        }
    }

    /// <summary>Why the shared fields cannot express a configuration, or null.</summary>
    /// <param name="config">The model.</param>
    /// <param name="allowed">Features that the family adds, as <see cref="ConfigFeatures"/> names them.</param>
    public static string? FindObstacle(ModelConfig config, params ReadOnlySpan<string> allowed)
    {
        HashSet<string> expressed =
        [
            nameof(config.Norm), nameof(config.NormPlacement), nameof(config.FinalNorm), nameof(config.TokenTypeCount), nameof(config.EmbeddingNorm),
            nameof(config.IsEncoder), nameof(config.Classifier), "no rotary positions", nameof(AttentionConfig.QueryKeyValueBias),
            nameof(AttentionConfig.OutputBias), nameof(FeedForwardConfig.Activation), nameof(FeedForwardConfig.Bias), .. allowed,
        ];
        FeedForwardConfig layer = config.FeedForwards[0];
        bool fits = config is { IsEncoder: true, Norm: NormKind.Layer, NormPlacement: NormPlacement.Post, FinalNorm: false, EmbeddingNorm: true, Rotary: null }
            && config.Attention is { QueryKeyValueBias: true, OutputBias: true }
            && config.KeyValueHeadCount == config.HeadCount
            && layer is { Bias: true, Moe: null, Activation: Activation.Gelu or Activation.GeluTanh or Activation.Relu }
            && config.FeedForwards.All(other => other == layer);
        string? feature = ConfigFeatures.Of(config).FirstOrDefault(name => !expressed.Contains(name));
        return feature is not null ? $"it has nothing beyond the encoder of the family (here: {feature})"
            : fits ? null
            : "it is an encoder in the manner of BERT: norms after attention and feed-forward, biases, no rotary positions, dense layers that are alike";
    }

    /// <summary>Whether a tensor is of a head that is not used, or derived from the configuration.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="config">The model.</param>
    /// <param name="root">How the names of the encoder itself may begin.</param>
    public static bool IsIgnored(string name, ModelConfig config, string root)
    {
        string own = name.StartsWith(root, StringComparison.Ordinal) ? name[root.Length..] : name;
        return own is "embeddings.position_ids" or "embeddings.token_type_ids"
            || StartsWithAny(own, "cls.predictions.", "cls.seq_relationship.", "lm_head.", "lm_predictions.", "mask_predictions.", "qa_outputs.")
            || (config.Classifier is null && StartsWithAny(own, "pooler.", "classifier."))
            || (config.TokenTypeCount == 0 && own.StartsWith("embeddings.token_type_embeddings.", StringComparison.Ordinal))
            || (config.LearnedPositions == 0 && own.StartsWith("embeddings.position_embeddings.", StringComparison.Ordinal));
    }

    private static bool StartsWithAny(string name, params ReadOnlySpan<string> beginnings)
    {
        foreach (string beginning in beginnings)
        {
            if (name.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static ModelConfig Create(string family, ImmutableArray<FeedForwardConfig> layers) => new()
    {
        Family = family,
        VocabularySize = 0,
        HiddenSize = 0,
        HeadCount = 0,
        KeyValueHeadCount = 0,
        HeadSize = 0,
        ContextLength = 0,
        NormEpsilon = 0,
        Norm = NormKind.Layer,
        NormPlacement = NormPlacement.Post,
        FinalNorm = false,
        EmbeddingNorm = true,
        Rotary = null,
        Attention = new AttentionConfig { QueryKeyValueBias = true, OutputBias = true },
        IsEncoder = true,
        TieWordEmbeddings = true,
        FeedForwards = layers,
    };

    private static Activation ReadActivation(ConfigFields fields) => (fields.Text("hidden_act", "activation") ?? "gelu") switch
    {
        "gelu" => Activation.Gelu,
        "gelu_new" or "gelu_fast" or "gelu_pytorch_tanh" => Activation.GeluTanh,
        "relu" => Activation.Relu,
        var other => throw fields.Error("hidden_act", $"the activation \"{other}\" is not supported in an encoder; known are gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu"),
    };

    private static void RefuseUnsupported(ConfigFields fields)
    {
        if (fields.Boolean("is_decoder") is true || fields.Boolean("add_cross_attention") is true)
        {
            throw fields.Error(fields.Boolean("is_decoder") is true ? "is_decoder" : "add_cross_attention", "only encoders of this family are supported");
        }

        if (fields.Text("position_embedding_type") is { } type && type != "absolute")
        {
            throw fields.Error("position_embedding_type", $"\"{type}\" is not supported; \"absolute\" is expected");
        }

        if (fields.Int32("embedding_size") is { } width && width != fields.RequiredInt32("hidden_size", "dim"))
        {
            throw fields.Error("embedding_size", $"an embedding of another width ({width}) than the hidden size is not supported");
        }
    }

    private static ClassifierConfig? ReadClassifier(ConfigFields fields)
    {
        if (fields.Find("architectures") is not { IsList: true } list || !list.Items().Any(item => item.Text().EndsWith(Classification, StringComparison.Ordinal)))
        {
            return null;
        }

        ImmutableArray<string> labels = ReadLabels(fields);
        return new ClassifierConfig
        {
            Labels = labels,
            Problem = fields.Text("problem_type") switch
            {
                // A single class is a matter of yes or no, as the library's own pipeline takes it.
                null => labels.Length == 1 ? ClassificationProblem.MultiLabel : ClassificationProblem.SingleLabel,
                "single_label_classification" => labels.Length == 1 ? ClassificationProblem.MultiLabel : ClassificationProblem.SingleLabel,
                "multi_label_classification" => ClassificationProblem.MultiLabel,
                "regression" => ClassificationProblem.Regression,
                var other => throw fields.Error("problem_type", $"\"{other}\" is not known; known are single_label_classification, multi_label_classification, regression"),
            },
        };
    }

    private static ImmutableArray<string> ReadLabels(ConfigFields fields)
    {
        if (fields.Find("id2label") is not { } map)
        {
            return NumberedLabels(fields.Find("num_labels")?.Count(MaxLabels + 1) ?? 2);
        }

        SortedDictionary<int, string> labels = [];
        foreach ((string key, JsonField value) in map.Members())
        {
            if (!int.TryParse(key, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id) || id > MaxLabels || !labels.TryAdd(id, value.Text()))
            {
                throw map.Error($"\"{key}\" is no number of a class, or appears twice");
            }
        }

        return labels.Count > 0 && labels.Keys.Last() == labels.Count - 1
            ? [.. labels.Values]
            : throw map.Error($"its {labels.Count} numbers do not run from 0 on without a gap");
    }

    private static ImmutableArray<string> NumberedLabels(int count) => [.. Enumerable.Range(0, count).Select(id => $"LABEL_{id}")];

    private static ClassifierConfig? ReadClassifier(GgufMetadata metadata, string architecture, Predicate<string> hasTensor)
    {
        if (!hasTensor("cls.output.weight"))
        {
            return null;
        }

        string activation = $"{architecture}.moiety.classifier.activation";
        string problem = $"{architecture}.moiety.classifier.problem";
        string[] labels = metadata.Texts($"{architecture}.classifier.output_labels") ?? ["LABEL_0"];
        return new ClassifierConfig
        {
            Labels = [.. labels],
            Activation = metadata.Text(activation) switch
            {
                null or "tanh" => EncoderActivation.Tanh,
                "gelu" => EncoderActivation.Gelu,
                var other => throw metadata.Error(activation, $"\"{other}\" is not supported"),
            },
            Problem = metadata.Text(problem) switch
            {
                null => labels.Length == 1 ? ClassificationProblem.MultiLabel : ClassificationProblem.SingleLabel,
                "single_label" => ClassificationProblem.SingleLabel,
                "multi_label" => ClassificationProblem.MultiLabel,
                "regression" => ClassificationProblem.Regression,
                var other => throw metadata.Error(problem, $"\"{other}\" is not supported"),
            },
        };
    }
}
