using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// RoBERTa (arXiv 1907.11692) and XLM-RoBERTa (arXiv 1911.02116): BERT whose positions begin after the row of the padding token, and
/// whose classifier has a head of its own. GGUF files leave out the rows before.
/// </summary>
/// <param name="name">The model type.</param>
/// <param name="prefix">How the library's classes begin.</param>
/// <param name="tokenizer">The tokenizer model by which GGUF files of one architecture are told apart.</param>
internal sealed class RobertaFamily(string name, string prefix, string tokenizer) : ModelFamily
{
    private const string Root = "roberta.";

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Models => name == "roberta" ? "RoBERTa, DistilRoBERTa" : "XLM-RoBERTa, multilingual E5, BGE-M3";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => prefix + "Model";

    /// <inheritdoc/>
    public override string GgufArchitecture => "bert";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = EncoderNaming.HuggingFace(Root).WithRoots(Root, "").With(
        (TensorRole.ClassifierDense, "classifier.dense.weight"),
        (TensorRole.ClassifierDenseBias, "classifier.dense.bias"),
        (TensorRole.ClassifierOutput, "classifier.out_proj.weight"),
        (TensorRole.ClassifierOutputBias, "classifier.out_proj.bias"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming => EncoderNaming.Gguf;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Text("tokenizer.ggml.model") == tokenizer;

    // A classifier of this family does not use the pooler that the encoder was trained with.
    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) =>
        EncoderConfiguration.IsIgnored(fileName, config, Root) || fileName.StartsWith("roberta.pooler.", StringComparison.Ordinal);

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        ConfigFields fields = new(config, Name);
        int padding = fields.Find("pad_token_id")?.Count(1 << 24) ?? 1;
        ModelConfig model = EncoderConfiguration.ReadHuggingFace(fields, Name, positionOffset: padding + 1);
        fields.RefuseUnread();
        return model;
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        if (config.PositionOffset == 0)
        {
            throw new InvalidInputException(
                $"model configuration: a Hugging Face folder of \"{Name}\" has unused rows before its first position, which GGUF files leave out. Take the folder that the GGUF file was made from.");
        }

        EncoderConfiguration.WriteHuggingFace(config, json, prefix);
        json["pad_token_id"] = config.PositionOffset - 1;
        json["position_embedding_type"] = "absolute";
    }

    /// <inheritdoc/>
    internal override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor) =>
        EncoderConfiguration.ReadGguf(metadata, Name, GgufArchitecture, hasTensor);

    /// <inheritdoc/>
    internal override void WriteGguf(ModelConfig config, GgufMetadata metadata) => EncoderConfiguration.WriteGguf(config, GgufArchitecture, metadata);

    /// <inheritdoc/>
    internal override string? FindObstacle(ModelConfig config) =>
        EncoderConfiguration.FindObstacle(config, nameof(config.LearnedPositions))
        ?? (config.LearnedPositions == config.ContextLength + config.PositionOffset && config.Classifier is not { Activation: not EncoderActivation.Tanh }
            ? null
            : "every position has a row of the learned embedding, and a classifier has tanh in it");
}
