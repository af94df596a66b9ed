using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// DeBERTa in its second and third version (arXiv 2006.03654, 2111.09543), which share the model type: BERT with disentangled attention.
/// Version 3 shares the projections of contents and positions, and puts positions into buckets. No other program has it as GGUF;
/// Moiety's files say <c>deberta-v2</c>.
/// </summary>
internal sealed class DebertaV2Family : ModelFamily
{
    private const string Root = "deberta.";
    private const string ConvolutionKeys = "deberta-v2.moiety.convolution.";
    private const string Positions = "deberta-v2.moiety.relative_attention.";

    /// <inheritdoc/>
    public override string Name => "deberta-v2";

    /// <inheritdoc/>
    public override string Models => "DeBERTa v2 and v3";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "DebertaV2Model";

    /// <inheritdoc/>
    public override string GgufArchitecture => "deberta-v2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = EncoderNaming.HuggingFace(Root).With(
        (TensorRole.Query, "deberta.encoder.layer.{layer}.attention.self.query_proj.weight"),
        (TensorRole.QueryBias, "deberta.encoder.layer.{layer}.attention.self.query_proj.bias"),
        (TensorRole.Key, "deberta.encoder.layer.{layer}.attention.self.key_proj.weight"),
        (TensorRole.KeyBias, "deberta.encoder.layer.{layer}.attention.self.key_proj.bias"),
        (TensorRole.Value, "deberta.encoder.layer.{layer}.attention.self.value_proj.weight"),
        (TensorRole.ValueBias, "deberta.encoder.layer.{layer}.attention.self.value_proj.bias"),
        (TensorRole.RelativeKey, "deberta.encoder.layer.{layer}.attention.self.pos_key_proj.weight"),
        (TensorRole.RelativeKeyBias, "deberta.encoder.layer.{layer}.attention.self.pos_key_proj.bias"),
        (TensorRole.RelativeQuery, "deberta.encoder.layer.{layer}.attention.self.pos_query_proj.weight"),
        (TensorRole.RelativeQueryBias, "deberta.encoder.layer.{layer}.attention.self.pos_query_proj.bias"),
        (TensorRole.Convolution, "deberta.encoder.conv.conv.weight"),
        (TensorRole.ConvolutionBias, "deberta.encoder.conv.conv.bias"),
        (TensorRole.ConvolutionNorm, "deberta.encoder.conv.LayerNorm.weight"),
        (TensorRole.ConvolutionNormBias, "deberta.encoder.conv.LayerNorm.bias"),
        (TensorRole.RelativeEmbedding, "deberta.encoder.rel_embeddings.weight"),
        (TensorRole.RelativeEmbeddingNorm, "deberta.encoder.LayerNorm.weight"),
        (TensorRole.RelativeEmbeddingNormBias, "deberta.encoder.LayerNorm.bias")).WithRoots(Root, "").With(
        (TensorRole.ClassifierDense, "pooler.dense.weight"),
        (TensorRole.ClassifierDenseBias, "pooler.dense.bias"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming => EncoderNaming.Gguf;

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) => EncoderConfiguration.IsIgnored(fileName, config, Root);

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        ConfigFields fields = new(config, Name);
        ModelConfig read = EncoderConfiguration.ReadHuggingFace(fields, Name, positionOffset: 0);
        bool relative = fields.Boolean("relative_attention") ?? false;
        DisentangledAttentionConfig positions = ReadPositions(fields);
        EncoderActivation activation = ReadActivation(fields);
        ModelConfig model = read with
        {
            NormEpsilon = fields.Single("layer_norm_eps") ?? 1e-7f,
            LearnedPositions = fields.Boolean("position_biased_input") ?? true ? read.LearnedPositions : 0,
            Attention = read.Attention with { Disentangled = relative ? positions : null, Scale = relative ? Scale(read.HeadSize, positions) : null },
            Convolution = ReadConvolution(fields),
            Classifier = read.Classifier is { } classifier ? classifier with { Activation = activation } : null,
        };
        fields.RefuseUnread();
        return model;
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        EncoderConfiguration.WriteHuggingFace(config, json, "DebertaV2");
        json["pad_token_id"] = 0;
        json["position_biased_input"] = config.LearnedPositions > 0;
        if (config.Convolution is { } convolution)
        {
            json["conv_kernel_size"] = convolution.KernelSize;
            json["conv_act"] = convolution.Activation == EncoderActivation.Gelu ? "gelu" : "tanh";
        }

        json["relative_attention"] = config.Attention.Disentangled is not null;
        if (config.Classifier is { } classifier)
        {
            json["pooler_hidden_act"] = classifier.Activation == EncoderActivation.Gelu ? "gelu" : "tanh";
            json["pooler_hidden_size"] = config.HiddenSize;
            json["pooler_dropout"] = 0;
        }

        if (config.Attention.Disentangled is { } disentangled)
        {
            string[] kinds = [.. (disentangled.PositionToContent ? ["p2c"] : Array.Empty<string>()), .. (disentangled.ContentToPosition ? ["c2p"] : Array.Empty<string>())];
            json["pos_att_type"] = string.Join('|', kinds);
            json["max_relative_positions"] = disentangled.MaxDistance;
            json["position_buckets"] = disentangled.BucketCount > 0 ? disentangled.BucketCount : -1;
            json["share_att_key"] = disentangled.SharedProjections;
            json["norm_rel_ebd"] = disentangled.Norm ? "layer_norm" : "none";
        }
    }

    /// <inheritdoc/>
    internal override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor)
    {
        ModelConfig read = EncoderConfiguration.ReadGguf(metadata, Name, GgufArchitecture, hasTensor) with { Convolution = ReadConvolution(metadata) };
        if (metadata.Int32(Positions + "max_distance") is not { } distance)
        {
            return read;
        }

        DisentangledAttentionConfig disentangled = new()
        {
            MaxDistance = distance,
            BucketCount = metadata.Int32(Positions + "bucket_count") ?? 0,
            ContentToPosition = metadata.Boolean(Positions + "content_to_position") ?? false,
            PositionToContent = metadata.Boolean(Positions + "position_to_content") ?? false,
            SharedProjections = metadata.Boolean(Positions + "shared_projections") ?? false,
            Norm = hasTensor("moiety_rel_embd_norm.weight"),
        };
        return read with { Attention = read.Attention with { Disentangled = disentangled, Scale = Scale(read.HeadSize, disentangled) } };
    }

    /// <inheritdoc/>
    internal override void WriteGguf(ModelConfig config, GgufMetadata metadata)
    {
        EncoderConfiguration.WriteGguf(config, GgufArchitecture, metadata);
        if (config.Convolution is { } convolution)
        {
            metadata.Set(ConvolutionKeys + "kernel_size", GgufValue.OfSize(convolution.KernelSize));
            metadata.Set(ConvolutionKeys + "activation", GgufValue.Of(convolution.Activation == EncoderActivation.Gelu ? "gelu" : "tanh"));
        }

        if (config.Attention.Disentangled is { } disentangled)
        {
            metadata.Set(Positions + "max_distance", GgufValue.OfSize(disentangled.MaxDistance));
            metadata.Set(Positions + "bucket_count", GgufValue.OfSize(disentangled.BucketCount));
            metadata.Set(Positions + "content_to_position", GgufValue.Of(disentangled.ContentToPosition));
            metadata.Set(Positions + "position_to_content", GgufValue.Of(disentangled.PositionToContent));
            metadata.Set(Positions + "shared_projections", GgufValue.Of(disentangled.SharedProjections));
        }
    }

    /// <inheritdoc/>
    internal override string? FindObstacle(ModelConfig config)
    {
        float? scale = config.Attention.Disentangled is { } disentangled ? Scale(config.HeadSize, disentangled) : null;
        return EncoderConfiguration.FindObstacle(config, nameof(config.LearnedPositions), nameof(AttentionConfig.Disentangled), nameof(AttentionConfig.Scale), nameof(config.Convolution))
            ?? (config.PositionOffset == 0 && config.Classifier is not { Activation: EncoderActivation.Relu } && config.Attention.Scale == scale && (config.LearnedPositions == 0 || config.LearnedPositions == config.ContextLength)
                ? null
                : "the scores have the scale that their parts call for, and the first token has the first row of the learned positions, if there are any");
    }

    // All parts of a score are of the same size, so their sum is scaled as if heads were as many times wider.
    private static float Scale(int headSize, DisentangledAttentionConfig disentangled)
    {
        int parts = 1 + (disentangled.ContentToPosition ? 1 : 0) + (disentangled.PositionToContent ? 1 : 0);
        return 1 / MathF.Sqrt((float)headSize * parts);
    }

    private static ConvolutionConfig? ReadConvolution(ConfigFields fields)
    {
        string activation = fields.Text("conv_act") ?? "tanh";
        fields.Expect("conv_groups", 1);
        int size = fields.Int32("conv_kernel_size") ?? 0;
        return size == 0 ? null : new ConvolutionConfig
        {
            KernelSize = size,
            Activation = ToActivation(activation) ?? throw fields.Error("conv_act", $"\"{activation}\" is not supported; known are gelu and tanh"),
        };
    }

    private static ConvolutionConfig? ReadConvolution(GgufMetadata metadata) =>
        metadata.Int32(ConvolutionKeys + "kernel_size") is not { } size ? null : new ConvolutionConfig
        {
            KernelSize = size,
            Activation = ToActivation(metadata.RequiredText(ConvolutionKeys + "activation"))
                ?? throw metadata.Error(ConvolutionKeys + "activation", "only gelu and tanh are supported"),
        };

    private static EncoderActivation? ToActivation(string name) => name switch
    {
        "gelu" => EncoderActivation.Gelu,
        "tanh" => EncoderActivation.Tanh,
        _ => null,
    };

    private static DisentangledAttentionConfig ReadPositions(ConfigFields fields)
    {
        int distance = fields.Int32("max_relative_positions") is { } given and >= 1 ? given : fields.RequiredInt32("max_position_embeddings");
        string[] kinds = fields.Find("pos_att_type") is not { } field ? []
            : field.IsList ? [.. field.Items().Select(item => item.Text())]
            : field.Text().Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (kinds.FirstOrDefault(kind => kind is not ("c2p" or "p2c")) is { } unknown)
        {
            throw fields.Error("pos_att_type", $"\"{unknown}\" is not supported; known are c2p and p2c");
        }

        if (kinds.Length > 0 && fields.Boolean("relative_attention") is not true)
        {
            throw fields.Error("pos_att_type", "it is set, but relative_attention is not: the scores would have a scale that nothing calls for");
        }

        string norm = fields.Text("norm_rel_ebd") ?? "none";
        if (norm is not ("none" or "layer_norm"))
        {
            throw fields.Error("norm_rel_ebd", $"\"{norm}\" is not supported; known are none and layer_norm");
        }

        return new DisentangledAttentionConfig
        {
            BucketCount = fields.Int32("position_buckets") is { } buckets and > 0 ? buckets : 0,
            MaxDistance = distance,
            ContentToPosition = kinds.Contains("c2p"),
            PositionToContent = kinds.Contains("p2c"),
            SharedProjections = fields.Boolean("share_att_key") ?? false,
            Norm = norm == "layer_norm",
        };
    }

    private static EncoderActivation ReadActivation(ConfigFields fields)
    {
        if (fields.Int32("pooler_hidden_size") is { } width && width != fields.RequiredInt32("hidden_size"))
        {
            throw fields.Error("pooler_hidden_size", $"{width} is not supported; the hidden size is expected");
        }

        string name = fields.Text("pooler_hidden_act") ?? "gelu";
        return ToActivation(name) ?? throw fields.Error("pooler_hidden_act", $"\"{name}\" is not supported; known are gelu and tanh");
    }
}
