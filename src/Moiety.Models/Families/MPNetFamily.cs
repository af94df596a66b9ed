using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// MPNet (arXiv 2004.09297), the shape of all-mpnet-base-v2: BERT without token types, with biases of the scores by distance beside the
/// learned positions. No other program has it as GGUF; Moiety's files say <c>mpnet</c>.
/// </summary>
internal sealed class MPNetFamily : ModelFamily
{
    private const string Root = "mpnet.";

    // The library computes with these whatever the configuration says.
    private static readonly RelativeBiasConfig Bias = new() { BucketCount = 32, MaxDistance = 128 };

    /// <inheritdoc/>
    public override string Name => "mpnet";

    /// <inheritdoc/>
    public override string Models => "MPNet, all-mpnet-base";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "MPNetModel";

    /// <inheritdoc/>
    public override string GgufArchitecture => "mpnet";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = EncoderNaming.HuggingFace(Root).With(
        (TensorRole.RelativeBias, "mpnet.encoder.relative_attention_bias.weight"),
        (TensorRole.Query, "mpnet.encoder.layer.{layer}.attention.attn.q.weight"),
        (TensorRole.QueryBias, "mpnet.encoder.layer.{layer}.attention.attn.q.bias"),
        (TensorRole.Key, "mpnet.encoder.layer.{layer}.attention.attn.k.weight"),
        (TensorRole.KeyBias, "mpnet.encoder.layer.{layer}.attention.attn.k.bias"),
        (TensorRole.Value, "mpnet.encoder.layer.{layer}.attention.attn.v.weight"),
        (TensorRole.ValueBias, "mpnet.encoder.layer.{layer}.attention.attn.v.bias"),
        (TensorRole.AttentionOutput, "mpnet.encoder.layer.{layer}.attention.attn.o.weight"),
        (TensorRole.AttentionOutputBias, "mpnet.encoder.layer.{layer}.attention.attn.o.bias"),
        (TensorRole.AttentionNorm, "mpnet.encoder.layer.{layer}.attention.LayerNorm.weight"),
        (TensorRole.AttentionNormBias, "mpnet.encoder.layer.{layer}.attention.LayerNorm.bias"),
        (TensorRole.ClassifierDense, "classifier.dense.weight"),
        (TensorRole.ClassifierDenseBias, "classifier.dense.bias"),
        (TensorRole.ClassifierOutput, "classifier.out_proj.weight"),
        (TensorRole.ClassifierOutputBias, "classifier.out_proj.bias")).WithRoots(Root, "");

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming => EncoderNaming.Gguf;

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) =>
        EncoderConfiguration.IsIgnored(fileName, config, Root) || fileName.StartsWith("mpnet.pooler.", StringComparison.Ordinal);

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        ConfigFields fields = new(config, Name);
        fields.Expect("relative_attention_num_buckets", Bias.BucketCount);

        // The padding token of this family is 1 in the embedding's own code.
        ModelConfig read = EncoderConfiguration.ReadHuggingFace(fields, Name, positionOffset: 2);
        fields.RefuseUnread();
        return read with { TokenTypeCount = 0, Attention = read.Attention with { RelativeBias = Bias } };
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        if (config.PositionOffset != 2)
        {
            throw new InvalidInputException(
                $"model configuration: a Hugging Face folder of \"{Name}\" has two unused rows before its first position, which GGUF files leave out. Take the folder that the GGUF file was made from.");
        }

        EncoderConfiguration.WriteHuggingFace(config, json, "MPNet");
        json.Remove("type_vocab_size");
        json["relative_attention_num_buckets"] = Bias.BucketCount;
        json["pad_token_id"] = 1;
    }

    /// <inheritdoc/>
    internal override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor)
    {
        ModelConfig read = EncoderConfiguration.ReadGguf(metadata, Name, GgufArchitecture, hasTensor);
        return read with { Attention = read.Attention with { RelativeBias = Bias } };
    }

    /// <inheritdoc/>
    internal override void WriteGguf(ModelConfig config, GgufMetadata metadata) => EncoderConfiguration.WriteGguf(config, GgufArchitecture, metadata);

    /// <inheritdoc/>
    internal override string? FindObstacle(ModelConfig config) =>
        EncoderConfiguration.FindObstacle(config, nameof(config.LearnedPositions), nameof(AttentionConfig.RelativeBias))
        ?? (config.LearnedPositions == config.ContextLength + config.PositionOffset && config.TokenTypeCount == 0 && config.Attention.RelativeBias == Bias
                && config.Classifier is not { Activation: not EncoderActivation.Tanh }
            ? null
            : $"it has no token types, learned positions, biases by distance in {Bias.BucketCount} buckets up to {Bias.MaxDistance}, and a classifier has tanh in it");
}
