using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// DistilBERT (arXiv 1910.01108): BERT without token types under other names, and with ReLU in its classifier. In GGUF files it is
/// <c>bert</c>, as which it is then read.
/// </summary>
internal sealed class DistilBertFamily : ModelFamily
{
    private const string Root = "distilbert.";

    /// <inheritdoc/>
    public override string Name => "distilbert";

    /// <inheritdoc/>
    public override string Models => "DistilBERT";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "DistilBertModel";

    /// <inheritdoc/>
    public override string GgufArchitecture => "bert";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = EncoderNaming.HuggingFace(Root).With(
        (TensorRole.Query, "distilbert.transformer.layer.{layer}.attention.q_lin.weight"),
        (TensorRole.QueryBias, "distilbert.transformer.layer.{layer}.attention.q_lin.bias"),
        (TensorRole.Key, "distilbert.transformer.layer.{layer}.attention.k_lin.weight"),
        (TensorRole.KeyBias, "distilbert.transformer.layer.{layer}.attention.k_lin.bias"),
        (TensorRole.Value, "distilbert.transformer.layer.{layer}.attention.v_lin.weight"),
        (TensorRole.ValueBias, "distilbert.transformer.layer.{layer}.attention.v_lin.bias"),
        (TensorRole.AttentionOutput, "distilbert.transformer.layer.{layer}.attention.out_lin.weight"),
        (TensorRole.AttentionOutputBias, "distilbert.transformer.layer.{layer}.attention.out_lin.bias"),
        (TensorRole.AttentionNorm, "distilbert.transformer.layer.{layer}.sa_layer_norm.weight"),
        (TensorRole.AttentionNormBias, "distilbert.transformer.layer.{layer}.sa_layer_norm.bias"),
        (TensorRole.Up, "distilbert.transformer.layer.{layer}.ffn.lin1.weight"),
        (TensorRole.UpBias, "distilbert.transformer.layer.{layer}.ffn.lin1.bias"),
        (TensorRole.Down, "distilbert.transformer.layer.{layer}.ffn.lin2.weight"),
        (TensorRole.DownBias, "distilbert.transformer.layer.{layer}.ffn.lin2.bias"),
        (TensorRole.FeedForwardNorm, "distilbert.transformer.layer.{layer}.output_layer_norm.weight"),
        (TensorRole.FeedForwardNormBias, "distilbert.transformer.layer.{layer}.output_layer_norm.bias"),
        (TensorRole.ClassifierDense, "pre_classifier.weight"),
        (TensorRole.ClassifierDenseBias, "pre_classifier.bias")).WithRoots(Root, "");

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming => EncoderNaming.Gguf;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => false;

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) =>
        EncoderConfiguration.IsIgnored(fileName, config, Root)
        || fileName.StartsWith("vocab_", StringComparison.Ordinal)
        || (config.Classifier is null && fileName.StartsWith("pre_classifier.", StringComparison.Ordinal));

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        ConfigFields fields = new(config, Name);

        // Sinusoids are stored like learned positions.
        fields.Ignore("sinusoidal_pos_embds", "dropout", "tie_weights_");
        ModelConfig model = EncoderConfiguration.ReadHuggingFace(fields, Name, positionOffset: 0);
        fields.RefuseUnread();
        return model with { TokenTypeCount = 0, Classifier = model.Classifier is { } classifier ? classifier with { Activation = EncoderActivation.Relu } : null };
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        EncoderConfiguration.WriteHuggingFace(config, json, "DistilBert");
        foreach ((string shared, string own) in (ReadOnlySpan<(string, string)>)[
            ("hidden_size", "dim"), ("num_hidden_layers", "n_layers"), ("num_attention_heads", "n_heads"), ("intermediate_size", "hidden_dim"), ("hidden_act", "activation")])
        {
            json[own] = json[shared]!.DeepClone();
            json.Remove(shared);
        }

        json.Remove("type_vocab_size");
        json.Remove("layer_norm_eps");
        json["pad_token_id"] = 0;
        json["sinusoidal_pos_embds"] = false;
    }

    /// <inheritdoc/>
    internal override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor) =>
        EncoderConfiguration.ReadGguf(metadata, Name, GgufArchitecture, hasTensor);

    /// <inheritdoc/>
    internal override void WriteGguf(ModelConfig config, GgufMetadata metadata) => EncoderConfiguration.WriteGguf(config, GgufArchitecture, metadata);

    /// <inheritdoc/>
    internal override string? FindObstacle(ModelConfig config) =>
        EncoderConfiguration.FindObstacle(config, nameof(config.LearnedPositions))
        ?? (config is { PositionOffset: 0, TokenTypeCount: 0, NormEpsilon: 1e-12f } && config.LearnedPositions == config.ContextLength
                && config.HiddenSize == config.HeadCount * config.HeadSize && config.Classifier is not { Activation: not EncoderActivation.Relu }
            ? null
            : "it has no token types, a row of the learned embedding for every position, an epsilon of 1e-12, and a classifier has ReLU in it");

    /// <inheritdoc/>
    internal override string? FindGgufObstacle(ModelConfig config) => FindObstacle(config)
        ?? (config.Classifier is null ? null : "there is no classifier: other programs would compute its ReLU as tanh");
}
