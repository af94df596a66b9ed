using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>OLMo 2 (arXiv 2501.00656): norms on the outputs of attention and feed-forward, and over all heads of queries and of keys.</summary>
internal sealed class Olmo2Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "olmo2";

    /// <inheritdoc/>
    public override string Models => "OLMo 2";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Olmo2ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "olmo2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.AttentionOutputNorm, "model.layers.{layer}.post_attention_layernorm.weight"),
        (TensorRole.FeedForwardOutputNorm, "model.layers.{layer}.post_feedforward_layernorm.weight"));

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("olmo2.attention.sliding_window") is null or 0;

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        NormPlacement = NormPlacement.Output,
        Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.Whole },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.ReadAttention(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["attention_bias"] = config.Attention.OutputBias;
}
