using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// BERT (arXiv 1810.04805) and what has its shape, MiniLM, BGE, E5 and GTE among them: an encoder with learned positions and token
/// types. GGUF files give every token the type 0, as llama.cpp does.
/// </summary>
internal sealed class BertFamily : ModelFamily
{
    private const string Root = "bert.";

    /// <inheritdoc/>
    public override string Name => "bert";

    /// <inheritdoc/>
    public override string Models => "BERT, MiniLM, BGE, E5";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "BertModel";

    /// <inheritdoc/>
    public override string GgufArchitecture => "bert";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = EncoderNaming.HuggingFace(Root).WithRoots(Root, "");

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming => EncoderNaming.Gguf;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Text("tokenizer.ggml.model") is not ("gpt2" or "t5");

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) => EncoderConfiguration.IsIgnored(fileName, config, Root);

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        ConfigFields fields = new(config, Name);
        ModelConfig model = EncoderConfiguration.ReadHuggingFace(fields, Name, positionOffset: 0);
        fields.RefuseUnread();
        return model;
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        EncoderConfiguration.WriteHuggingFace(config, json, "Bert");
        json["pad_token_id"] = 0;
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
        ?? (config.PositionOffset == 0 && config.LearnedPositions == config.ContextLength && config.Classifier is not { Activation: not EncoderActivation.Tanh }
            ? null
            : "every position has a row of the learned embedding, the first token the first row, and a classifier has tanh in it");
}
