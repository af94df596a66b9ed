using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// The fields that all decoders in the manner of Llama share: RMSNorm, rotary positions, grouped-query attention, SwiGLU. A
/// family adds its feed-forward layers. What the decoder cannot compute is refused here, by name.
/// </summary>
internal static class LlamaConfiguration
{
    /// <summary>Reads the shared fields of <c>config.json</c>.</summary>
    /// <param name="json">The file.</param>
    /// <param name="family">Name of the family.</param>
    /// <param name="feedForwards">The layers.</param>
    /// <param name="defaultTheta">Base of the rotary frequencies when the file has none.</param>
    public static ModelConfig ReadHuggingFace(JsonField json, string family, ImmutableArray<FeedForwardConfig> feedForwards, float defaultTheta)
    {
        RefuseUnsupported(json);
        int hidden = json.Get("hidden_size").Int32();
        int heads = json.Get("num_attention_heads").Int32();
        int headSize = json.Int32("head_dim") ?? (heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw json.Error("num_attention_heads", $"{heads} does not divide the hidden size {hidden}, and there is no head_dim"));
        return new ModelConfig
        {
            Family = family,
            VocabularySize = json.Get("vocab_size").Int32(),
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = json.Int32("num_key_value_heads") ?? heads,
            HeadSize = headSize,
            ContextLength = json.Get("max_position_embeddings").Int32(),
            NormEpsilon = json.Single("rms_norm_eps") ?? 1e-6f,
            Rotary = new RotaryConfig
            {
                Theta = json.Single("rope_theta") ?? json.Object("rope_parameters")?.Single("rope_theta") ?? defaultTheta,
            },
            TieWordEmbeddings = json.Boolean("tie_word_embeddings") ?? false,
            FeedForwards = feedForwards,
            BosTokenId = json.Int32("bos_token_id"),
            EosTokenIds = json.Int32List("eos_token_id") ?? [],
        };
    }

    /// <summary>Number of layers, checked before anything is allocated for them.</summary>
    public static int ReadLayerCount(JsonField json)
    {
        int layers = json.Get("num_hidden_layers").Int32();
        return layers is > 0 and <= ModelConfigValidator.MaxLayers
            ? layers
            : throw json.Error("num_hidden_layers", $"{layers} is not between 1 and {ModelConfigValidator.MaxLayers}");
    }

    /// <summary>Writes the shared fields of <c>config.json</c>.</summary>
    public static void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        json["hidden_act"] = "silu";
        json["vocab_size"] = config.VocabularySize;
        json["hidden_size"] = config.HiddenSize;
        json["num_hidden_layers"] = config.LayerCount;
        json["num_attention_heads"] = config.HeadCount;
        json["num_key_value_heads"] = config.KeyValueHeadCount;
        json["head_dim"] = config.HeadSize;
        json["max_position_embeddings"] = config.ContextLength;
        json["rms_norm_eps"] = config.NormEpsilon;
        json["rope_theta"] = config.Rotary!.Theta;
        json["tie_word_embeddings"] = config.TieWordEmbeddings;
        json["attention_bias"] = false;
        json["bos_token_id"] = config.BosTokenId;
        json["eos_token_id"] = config.EosTokenIds.Length switch
        {
            0 => null,
            1 => config.EosTokenIds[0],
            _ => new JsonArray([.. config.EosTokenIds.Select(id => JsonValue.Create(id))]),
        };
    }

    /// <summary>Reads the shared keys of GGUF metadata.</summary>
    public static ModelConfig ReadGguf(GgufMetadata metadata, string family, string architecture, bool interleaved, ImmutableArray<FeedForwardConfig> feedForwards, Predicate<string> hasTensor)
    {
        string Key(string name) => $"{architecture}.{name}";
        if (metadata.Text(Key("rope.scaling.type")) is { } scaling && scaling != "none")
        {
            throw metadata.Error(Key("rope.scaling.type"), $"scaling of rotary positions (\"{scaling}\") is not supported yet");
        }

        if (hasTensor("rope_freqs.weight"))
        {
            throw metadata.Error("tensor \"rope_freqs.weight\"", "scaling of rotary positions is not supported yet");
        }

        int hidden = metadata.RequiredInt32(Key("embedding_length"));
        int layers = feedForwards.Length;
        int heads = Uniform(metadata, Key("attention.head_count"), layers) ?? throw metadata.Error(Key("attention.head_count"), "the key is missing");
        int headSize = metadata.Int32(Key("attention.key_length")) ?? (heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw metadata.Error(Key("attention.head_count"), $"{heads} does not divide the embedding length {hidden}, and there is no key length"));
        Expect(metadata, Key("attention.value_length"), headSize);
        Expect(metadata, Key("rope.dimension_count"), headSize);
        int vocabulary = metadata.Int32(Key("vocab_size"))
            ?? metadata.Texts("tokenizer.ggml.tokens")?.Length
            ?? throw metadata.Error(Key("vocab_size"), "the key is missing, and so is the tokenizer that would tell the size");
        return new ModelConfig
        {
            Family = family,
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = Uniform(metadata, Key("attention.head_count_kv"), layers) ?? heads,
            HeadSize = headSize,
            ContextLength = metadata.RequiredInt32(Key("context_length")),
            NormEpsilon = metadata.RequiredSingle(Key("attention.layer_norm_rms_epsilon")),
            Rotary = new RotaryConfig { Theta = metadata.Single(Key("rope.freq_base")) ?? 10000f, Interleaved = interleaved },
            TieWordEmbeddings = !hasTensor("output.weight"),
            FeedForwards = feedForwards,
            BosTokenId = GgufSpecialTokens.ReadBos(metadata),
            EosTokenIds = GgufSpecialTokens.ReadEos(metadata),
        };
    }

    /// <summary>Number of layers, checked before anything is allocated for them.</summary>
    public static int ReadLayerCount(GgufMetadata metadata, string architecture)
    {
        string key = $"{architecture}.block_count";
        int layers = metadata.RequiredInt32(key);
        return layers is > 0 and <= ModelConfigValidator.MaxLayers
            ? layers
            : throw metadata.Error(key, $"{layers} is not between 1 and {ModelConfigValidator.MaxLayers}");
    }

    /// <summary>Writes the shared keys of GGUF metadata.</summary>
    public static void WriteGguf(ModelConfig config, string architecture, GgufMetadata metadata)
    {
        void Set(string name, GgufValue value) => metadata.Set($"{architecture}.{name}", value);
        Set("vocab_size", GgufValue.OfSize(config.VocabularySize));
        Set("context_length", GgufValue.OfSize(config.ContextLength));
        Set("embedding_length", GgufValue.OfSize(config.HiddenSize));
        Set("block_count", GgufValue.OfSize(config.LayerCount));
        Set("attention.head_count", GgufValue.OfSize(config.HeadCount));
        Set("attention.head_count_kv", GgufValue.OfSize(config.KeyValueHeadCount));
        Set("attention.key_length", GgufValue.OfSize(config.HeadSize));
        Set("attention.value_length", GgufValue.OfSize(config.HeadSize));
        Set("attention.layer_norm_rms_epsilon", GgufValue.Of(config.NormEpsilon));
        Set("rope.dimension_count", GgufValue.OfSize(config.HeadSize));
        Set("rope.freq_base", GgufValue.Of(config.Rotary!.Theta));
    }

    /// <summary>Why the shared fields cannot express a configuration, or null.</summary>
    public static string? FindObstacle(ModelConfig config) =>
        ConfigFeatures.Of(config).FirstOrDefault() is { } feature ? $"it has nothing beyond the decoder of Llama (here: {feature})" : null;

    private static void RefuseUnsupported(JsonField json)
    {
        foreach (string bias in (ReadOnlySpan<string>)["attention_bias", "mlp_bias"])
        {
            if (json.Boolean(bias) is true)
            {
                throw json.Error(bias, "biases are not supported yet; false is expected");
            }
        }

        if (json.Text("hidden_act") is { } activation && activation != "silu")
        {
            throw json.Error("hidden_act", $"the activation \"{activation}\" is not supported yet; \"silu\" is expected");
        }

        if (json.Has("quantization_config"))
        {
            throw json.Error("quantization_config", "quantized Hugging Face checkpoints are not supported; take the original, or a GGUF file");
        }

        if (json.Int32("sliding_window") is { } window && json.Boolean("use_sliding_window") is not false && window < json.Get("max_position_embeddings").Int32())
        {
            throw json.Error("sliding_window", $"a sliding window ({window}) is not supported yet");
        }

        if (json.Single("partial_rotary_factor") is { } factor && factor != 1)
        {
            throw json.Error("partial_rotary_factor", $"partial rotary positions ({factor}) are not supported yet");
        }

        foreach (string name in (ReadOnlySpan<string>)["rope_scaling", "rope_parameters"])
        {
            if (json.Object(name) is { } rope && (rope.Text("rope_type") ?? rope.Text("type") ?? "default") is var type && type != "default")
            {
                throw json.Error(name, $"scaling of rotary positions (\"{type}\") is not supported yet");
            }
        }
    }

    private static int? Uniform(GgufMetadata metadata, string key, int layers)
    {
        if (metadata.Int32PerItem(key, layers) is not { } values)
        {
            return null;
        }

        return values.All(value => value == values[0]) ? values[0] : throw metadata.Error(key, "a different number in each layer is not supported yet");
    }

    private static void Expect(GgufMetadata metadata, string key, int expected)
    {
        if (metadata.Int32(key) is { } found && found != expected)
        {
            throw metadata.Error(key, $"{found} is not supported yet; the head size {expected} is expected");
        }
    }
}
