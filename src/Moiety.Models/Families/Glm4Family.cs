using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>GLM-4-0414: norms on both sides of attention and feed-forward, half of each head rotated in neighboring pairs.</summary>
internal sealed class Glm4Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "glm4";

    /// <inheritdoc/>
    public override string Models => "GLM-4-0414";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Glm4ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "glm4";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("model.layers.{layer}.mlp.gate_up_proj.weight").Fused(RowGroups.One, TensorRole.Gate, TensorRole.Up))
        .With(
            (TensorRole.AttentionOutputNorm, "model.layers.{layer}.post_self_attn_layernorm.weight"),
            (TensorRole.FeedForwardOutputNorm, "model.layers.{layer}.post_mlp_layernorm.weight"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.WithFused(FusedNames.GgufGateUp);

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { PartialRotary = ["partial_rotary_factor"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1.5625e-7f, PartialRotary = 0.5f };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { NormPlacement = NormPlacement.Sandwich };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) =>
        config with { Attention = config.Attention with { QueryKeyValueBias = fields.Boolean("attention_bias") ?? false } };

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["attention_bias"] = config.Attention.QueryKeyValueBias;
}
