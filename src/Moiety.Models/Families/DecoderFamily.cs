using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// What the files of all causal decoders have in common: sizes, norms, rotary positions, windows, special tokens. A family derives from
/// it and says what differs: names of fields, facts that hold for all its models, and the settings that only it has.
/// </summary>
internal abstract class DecoderFamily : ModelFamily
{
    /// <summary>What <c>config.json</c> calls the sizes.</summary>
    protected virtual HuggingFaceKeys Keys => HuggingFaceKeys.Llama;

    /// <summary>What absent fields mean.</summary>
    protected virtual FamilyDefaults Defaults { get; } = new();

    /// <summary>The facts that hold for the feed-forward of all layers: activation, biases, gating. Sizes are read.</summary>
    protected virtual FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0 };

    /// <summary>Whether the models have rotary positions.</summary>
    protected virtual bool HasRotary => true;

    /// <summary>Whether the models may have a sliding window.</summary>
    protected virtual bool HasWindow => false;

    /// <summary>
    /// Where there is a window and the file does not say which layers have it: all but every n-th; 0 for all. llama.cpp and
    /// <c>transformers</c> count alike.
    /// </summary>
    protected virtual int WindowPeriod => 0;

    /// <summary>The window of GGUF files that do not state one, 0 for none.</summary>
    protected virtual int GgufDefaultWindow => 0;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => false;

    /// <summary>The facts that hold for all models of the family.</summary>
    protected virtual ModelConfig Shape(ModelConfig config) => config;

    /// <summary>Reads the settings of <c>config.json</c> that only this family has.</summary>
    protected virtual ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => config;

    /// <summary>Writes what <see cref="ReadMore(ModelConfig, ConfigFields)"/> reads.</summary>
    protected virtual void WriteMore(ModelConfig config, JsonObject json)
    {
    }

    /// <summary>Reads the GGUF keys that only this family has.</summary>
    protected virtual ModelConfig ReadMore(ModelConfig config, GgufFields fields) => config;

    /// <summary>Writes what <see cref="ReadMore(ModelConfig, GgufFields)"/> reads.</summary>
    /// <param name="config">The model.</param>
    /// <param name="set">Sets a key of the architecture.</param>
    protected virtual void WriteMore(ModelConfig config, Action<string, GgufValue> set)
    {
    }

    /// <summary>Latent attention, or null for plain projections.</summary>
    protected virtual LatentAttentionConfig? ReadLatent(ConfigFields fields) => null;

    /// <summary>Latent attention, or null for plain projections.</summary>
    protected virtual LatentAttentionConfig? ReadLatent(GgufFields fields) => null;

    /// <summary>Reads the feed-forward of every layer; by default dense ones that are alike.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    protected virtual ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        [.. Enumerable.Repeat(ReadDense(fields, hidden), layers)];

    /// <summary>Writes what <see cref="ReadFeedForwards(ConfigFields, int, int)"/> reads.</summary>
    protected virtual void WriteFeedForwards(ModelConfig config, JsonObject json) => WriteDense(config.FeedForwards[0], json);

    /// <summary>Reads the feed-forward of every layer.</summary>
    protected virtual ImmutableArray<FeedForwardConfig> ReadFeedForwards(GgufFields fields, int layers) =>
        GgufExperts.Read(fields, layers, FeedForward, GgufNaming);

    /// <summary>Writes what <see cref="ReadFeedForwards(GgufFields, int)"/> reads.</summary>
    protected virtual void WriteFeedForwards(ModelConfig config, Action<string, GgufValue> set) => GgufExperts.Write(config, FeedForward, set);

    /// <inheritdoc/>
    internal sealed override ModelConfig ReadHuggingFace(JsonField config)
    {
        ConfigFields fields = new(config, Name);
        ModelConfig model = ReadMore(ReadWindows(Shape(ReadSizes(fields)), fields), fields);
        fields.RefuseUnread();
        return model;
    }

    /// <inheritdoc/>
    internal sealed override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        json["vocab_size"] = config.VocabularySize;
        json[Keys.HiddenSize[0]] = config.HiddenSize;
        json[Keys.Layers[0]] = config.LayerCount;
        json[Keys.Heads[0]] = config.HeadCount;
        if (!Keys.KeyValueHeads.IsEmpty)
        {
            json[Keys.KeyValueHeads[0]] = config.KeyValueHeadCount;
        }

        if (!Keys.HeadSize.IsEmpty && config.Attention.Latent is null)
        {
            json[Keys.HeadSize[0]] = config.HeadSize;
        }

        json[Keys.Context[0]] = config.ContextLength;
        if (!Keys.Epsilon.IsEmpty)
        {
            json[Keys.Epsilon[0]] = config.NormEpsilon;
        }

        if (config.Rotary is { } rotary)
        {
            HuggingFaceRotary.Write(rotary, Keys, RotaryHeadSize(config), config.ContextLength, json);
        }

        if (HasWindow)
        {
            WriteWindows(config, json);
        }

        WriteFeedForwards(config, json);
        json["tie_word_embeddings"] = config.TieWordEmbeddings;
        json["bos_token_id"] = config.BosTokenId;
        json["eos_token_id"] = config.EosTokenIds.Length switch
        {
            0 => null,
            1 => config.EosTokenIds[0],
            _ => new JsonArray([.. config.EosTokenIds.Select(id => JsonValue.Create(id))]),
        };
        WriteMore(config, json);
    }

    /// <inheritdoc/>
    internal sealed override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor)
    {
        GgufFields fields = new(metadata, GgufArchitecture, hasTensor);
        ModelConfig config = ReadMore(GgufAttention.ReadWindows(Detect(Shape(ReadSizes(fields)), fields), fields, WindowPeriod, GgufDefaultWindow), fields);
        if (fields.Boolean("attention.causal") is false)
        {
            throw fields.Error("attention.causal", "a decoder that sees later tokens is not supported");
        }

        fields.RefuseUnread();
        return config;
    }

    /// <inheritdoc/>
    internal sealed override void WriteGguf(ModelConfig config, GgufMetadata metadata)
    {
        void Set(string name, GgufValue value) => metadata.Set($"{GgufArchitecture}.{name}", value);
        Set("vocab_size", GgufValue.OfSize(config.VocabularySize));
        Set("context_length", GgufValue.OfSize(config.ContextLength));
        Set("embedding_length", GgufValue.OfSize(config.HiddenSize));
        Set("block_count", GgufValue.OfSize(config.LayerCount));
        Set("attention.head_count", GgufValue.OfSize(config.HeadCount));
        Set("attention.head_count_kv", GgufValue.OfSize(config.KeyValueHeadCount));
        if (config.Attention.Latent is null)
        {
            Set("attention.key_length", GgufValue.OfSize(config.HeadSize));
            Set("attention.value_length", GgufValue.OfSize(config.HeadSize));
        }

        Set(EpsilonKey(config), GgufValue.Of(config.NormEpsilon));
        if (config.Rotary is { } rotary)
        {
            GgufRotary.Write(rotary, RotaryHeadSize(config), Defaults, Set);
        }

        GgufAttention.WriteWindows(config, WindowPeriod, Set);
        WriteFeedForwards(config, Set);
        WriteMore(config, Set);
    }

    /// <inheritdoc/>
    internal override ModelConfig WithGgufTensors(ModelConfig config, Func<string, float[]?> read) => config with
    {
        Rotary = config.Rotary is { } rotary ? GgufRotary.ReadDivisors(rotary, read) : null,
        LayerAttentions = [.. config.LayerAttentions.Select(layer => layer with
        {
            Rotary = layer.Rotary is { } own ? GgufRotary.ReadDivisors(own, read) : null,
        })],
    };

    /// <inheritdoc/>
    internal override IEnumerable<(string Name, ImmutableArray<float> Values)> GgufTensors(ModelConfig config) =>
        config.Rotary is { } rotary ? GgufRotary.WriteDivisors(rotary, RotaryHeadSize(config)) : [];

    // Old exports carry the rotary frequencies and causal masks, which follow from the configuration, and tied ones a copy of the embedding.
    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) =>
        GgufRotary.IsDivisors(fileName)
        || fileName.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || fileName.EndsWith(".attn.bias", StringComparison.Ordinal)
        || fileName.EndsWith(".masked_bias", StringComparison.Ordinal)
        || (config.TieWordEmbeddings && (HuggingFaceNaming.LocationOf(TensorRole.Head).Names.Contains(fileName) || GgufNaming.LocationOf(TensorRole.Head).Names.Contains(fileName)));

    /// <inheritdoc/>
    internal sealed override string? FindObstacle(ModelConfig config)
    {
        JsonObject json = [];
        WriteHuggingFace(config, json);
        return Compare(config, HuggingFaceInterleaved, expected => (expected, ReadHuggingFace(JsonField.Parse("config.json", Encoding.UTF8.GetBytes(json.ToJsonString())))));
    }

    /// <inheritdoc/>
    internal sealed override string? FindGgufObstacle(ModelConfig config)
    {
        if (!HasGguf)
        {
            return "there are GGUF files of it";
        }

        GgufMetadata metadata = new("GGUF file");
        WriteGguf(config, metadata);
        GgufSpecialTokens.Write(config, hasTokenizer: false, metadata);
        Dictionary<string, float[]> divisors = GgufTensors(config).ToDictionary(tensor => tensor.Name, tensor => tensor.Values.ToArray(), StringComparer.Ordinal);
        HashSet<string> names = [.. TensorCatalog.For(config).Select(GgufNamingFor(config).NameOf), .. divisors.Keys];
        return Compare(config, GgufInterleaved, expected => (
            expected with { Rotary = expected.Rotary is { } rotary ? GgufRotary.Normalize(rotary, RotaryHeadSize(config), config.ContextLength) : null },
            WithGgufTensors(ReadGguf(metadata, names.Contains), divisors.GetValueOrDefault)));
    }

    /// <summary>A dense layer with the width and the activation of the file.</summary>
    protected FeedForwardConfig ReadDense(ConfigFields fields, int hidden) => FeedForward with
    {
        Activation = ReadActivation(fields),
        IntermediateSize = fields.Int32(Keys.Intermediate.AsSpan())
            ?? (Defaults.IntermediateFactor > 0 ? SaturatedSize.Product(Defaults.IntermediateFactor, hidden) : throw fields.Error(Keys.Intermediate[0], "it is missing")),
        Moe = null,
    };

    /// <summary>The activation of the file.</summary>
    protected virtual Activation ReadActivation(ConfigFields fields)
    {
        if (Keys.Activation.IsEmpty || fields.Text(Keys.Activation.AsSpan()) is not { } name)
        {
            return FeedForward.Activation;
        }

        return ActivationNames.Parse(name, FeedForward.Activation.IsGated())
            ?? throw fields.Error(Keys.Activation[0], $"the activation \"{name}\" is not supported for \"{Name}\"");
    }

    /// <summary>Writes the width and the activation of a dense layer.</summary>
    protected void WriteDense(FeedForwardConfig layer, JsonObject json)
    {
        json[Keys.Intermediate[0]] = layer.IntermediateSize;
        WriteActivation(layer, json);
    }

    /// <summary>Writes the activation.</summary>
    protected void WriteActivation(FeedForwardConfig layer, JsonObject json)
    {
        if (!Keys.Activation.IsEmpty)
        {
            json[Keys.Activation[0]] = ActivationNames.Of(layer.Activation);
        }
    }

    /// <summary>The windows of the layers in <c>config.json</c>: <c>layer_types</c>, or a period, and <c>sliding_window</c>.</summary>
    protected virtual ModelConfig ReadWindows(ModelConfig config, ConfigFields fields)
    {
        ImmutableArray<string>? types = fields.TextPerItem("layer_types", config.LayerCount);
        if (types?.FirstOrDefault(type => type is not ("full_attention" or "sliding_attention")) is { } unknown)
        {
            throw fields.Error("layer_types", $"\"{unknown}\" is not supported; known: full_attention, sliding_attention");
        }

        bool slides = types?.Contains("sliding_attention") ?? false;
        if (!HasWindow)
        {
            return slides ? throw fields.Error("layer_types", $"\"sliding_attention\" is not supported for \"{Name}\"") : config;
        }

        int window = fields.Int32("sliding_window") ?? (fields.States("sliding_window") ? 0 : Defaults.Window);
        int period = fields.Int32("sliding_window_pattern", "_sliding_window_pattern") ?? WindowPeriod;
        if (slides && window <= 0)
        {
            throw fields.Error("sliding_window", "it is missing, but layer_types calls for it");
        }

        ImmutableArray<bool> pattern = types is { } list ? [.. list.Select(type => type == "sliding_attention")] : LayerPatterns.Sliding(period, config.LayerCount);
        return LayerPatterns.WithWindows(config, window, pattern);
    }

    /// <summary>Writes what <see cref="ReadWindows"/> reads.</summary>
    protected virtual void WriteWindows(ModelConfig config, JsonObject json)
    {
        int[] windows = [.. Enumerable.Range(0, config.LayerCount).Select(layer => config.AttentionOf(layer).Window)];
        int window = windows.Max();
        json["sliding_window"] = window > 0 ? window : null;
        if (WindowPeriod > 0 || (window > 0 && windows.Contains(0)))
        {
            json["layer_types"] = new JsonArray([.. windows.Select(width => JsonValue.Create(width > 0 ? "sliding_attention" : "full_attention"))]);
        }
    }

    private static int RotaryHeadSize(ModelConfig config) => config.Attention.Latent?.RotaryHeadSize ?? config.HeadSize;

    private static string EpsilonKey(ModelConfig config) => config.Norm == NormKind.Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";

    private string? Compare(ModelConfig config, bool? interleaved, Func<ModelConfig, (ModelConfig Expected, ModelConfig Found)> read)
    {
        RotaryConfig? Turn(RotaryConfig? rotary) => rotary is null || interleaved is not { } neighbors ? rotary : rotary with { Interleaved = neighbors };
        ModelConfig turned = config with
        {
            Rotary = Turn(config.Rotary),
            LayerAttentions = [.. config.LayerAttentions.Select(layer => layer with { Rotary = Turn(layer.Rotary) })],
        };
        try
        {
            (ModelConfig expected, ModelConfig found) = read(turned);
            return ConfigDifference.Find(expected, found) is { } difference ? $"{difference} is what its models have" : null;
        }
        catch (InvalidCheckpointException error)
        {
            return $"its files can say it ({error.Field}: {error.Message})";
        }
    }

    private ModelConfig ReadSizes(ConfigFields fields)
    {
        int layers = LayerCount.Check(fields.RequiredInt32(Keys.Layers.AsSpan()), reason => fields.Error(Keys.Layers[0], reason));
        int hidden = fields.RequiredInt32(Keys.HiddenSize.AsSpan());
        int heads = fields.Int32(Keys.Heads.AsSpan()) ?? Defaults.Heads ?? throw fields.Error(Keys.Heads[0], "it is missing");
        LatentAttentionConfig? latent = ReadLatent(fields);
        int headSize = latent is not null ? SaturatedSize.Sum(latent.PlainHeadSize, latent.RotaryHeadSize)
            : (Keys.HeadSize.IsEmpty ? null : fields.Int32(Keys.HeadSize.AsSpan())) ?? Defaults.HeadSize ?? (heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw fields.Error(Keys.Heads[0], $"{heads} does not divide the hidden size {hidden}, and there is no head size"));
        int context = fields.Int32(Keys.Context.AsSpan()) ?? Defaults.Context ?? throw fields.Error(Keys.Context[0], "it is missing");
        return new ModelConfig
        {
            Family = Name,
            VocabularySize = fields.Int32("vocab_size") ?? Defaults.Vocabulary ?? throw fields.Error("vocab_size", "it is missing"),
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = (Keys.KeyValueHeads.IsEmpty ? null : fields.Int32(Keys.KeyValueHeads.AsSpan())) ?? Defaults.KeyValueHeads ?? heads,
            HeadSize = headSize,
            ContextLength = context,
            NormEpsilon = (Keys.Epsilon.IsEmpty ? null : fields.Single(Keys.Epsilon.AsSpan())) ?? Defaults.Epsilon,
            Rotary = HasRotary
                ? HuggingFaceRotary.Read(fields, Keys, Defaults, latent?.RotaryHeadSize ?? headSize, context) with { Interleaved = HuggingFaceInterleaved ?? false }
                : null,
            Attention = new AttentionConfig { Latent = latent },
            TieWordEmbeddings = fields.Boolean("tie_word_embeddings") ?? Defaults.TieWordEmbeddings,
            FeedForwards = ReadFeedForwards(fields, layers, hidden),
            BosTokenId = fields.Int32("bos_token_id") ?? Defaults.Bos,
            EosTokenIds = fields.Int32List("eos_token_id") ?? (Defaults.Eos is { } eos ? [eos] : []),
        };
    }

    private ModelConfig ReadSizes(GgufFields fields)
    {
        int predicting = fields.Int32("nextn_predict_layers") ?? 0;
        int layers = LayerCount.Check(SaturatedSize.Sum(fields.RequiredInt32("block_count"), -predicting), reason => fields.Error("block_count", reason));
        int hidden = fields.RequiredInt32("embedding_length");
        int heads = fields.Uniform("attention.head_count", layers) ?? throw fields.Error("attention.head_count", "the key is missing");
        int context = fields.RequiredInt32("context_length");
        LatentAttentionConfig? latent = ReadLatent(fields);
        int headSize = latent is not null ? SaturatedSize.Sum(latent.PlainHeadSize, latent.RotaryHeadSize) : GgufAttention.ReadHeadSize(fields, hidden, heads);
        int vocabulary = fields.Int32("vocab_size")
            ?? fields.Metadata.Texts("tokenizer.ggml.tokens")?.Length
            ?? throw fields.Error("vocab_size", "the key is missing, and so is the tokenizer that would tell the size");
        return new ModelConfig
        {
            Family = Name,
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = fields.Uniform("attention.head_count_kv", layers) ?? heads,
            HeadSize = headSize,
            ContextLength = context,
            NormEpsilon = fields.Single("attention.layer_norm_rms_epsilon") ?? fields.Single("attention.layer_norm_epsilon")
                ?? throw fields.Error("attention.layer_norm_rms_epsilon", "the key is missing, and so is attention.layer_norm_epsilon"),
            Rotary = HasRotary ? GgufRotary.Read(fields, Defaults, latent?.RotaryHeadSize ?? headSize, context, GgufInterleaved ?? false) : null,
            Attention = new AttentionConfig { Latent = latent },
            TieWordEmbeddings = !fields.HasRole(GgufNaming, TensorRole.Head),
            FeedForwards = ReadFeedForwards(fields, layers),
            BosTokenId = GgufSpecialTokens.ReadBos(fields.Metadata),
            EosTokenIds = GgufSpecialTokens.ReadEos(fields.Metadata),
        };
    }

    // GGUF has no keys for biases and norms: the tensors tell.
    private ModelConfig Detect(ModelConfig config, GgufFields fields) => config with
    {
        HeadBias = fields.HasRole(GgufNaming, TensorRole.HeadBias),
        Attention = config.Attention with
        {
            QueryKeyValueBias = fields.HasRole(GgufNaming, TensorRole.QueryBias),
            OutputBias = fields.HasRole(GgufNaming, TensorRole.AttentionOutputBias),
            QueryKeyNorm = fields.HasRole(GgufNaming, TensorRole.QueryNorm) ? config.Attention.QueryKeyNorm : QueryKeyNorm.None,
        },
    };
}
