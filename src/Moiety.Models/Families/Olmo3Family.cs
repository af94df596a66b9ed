using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// OLMo 3: OLMo 2 with a sliding window in three of four layers. Scaling of rotary positions is for the layers without one. GGUF files call
/// it "olmo2"; those with a window are read as OLMo 3.
/// </summary>
internal sealed class Olmo3Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "olmo3";

    /// <inheritdoc/>
    public override string Models => "OLMo 3";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Olmo3ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "olmo2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.AttentionOutputNorm, "model.layers.{layer}.post_attention_layernorm.weight"),
        (TensorRole.FeedForwardOutputNorm, "model.layers.{layer}.post_feedforward_layernorm.weight"));

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, Window = 4096 };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override int WindowPeriod => 4;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("olmo2.attention.sliding_window") > 0;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        NormPlacement = NormPlacement.Output,
        Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.Whole },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.ReadAttention(ScaleOnlyGlobal(config), fields);

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => ScaleOnlyGlobal(config);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["attention_bias"] = config.Attention.OutputBias;

    private static ModelConfig ScaleOnlyGlobal(ModelConfig config) => LayerPatterns.WithLayers(config, (_, layer) =>
        layer.Window > 0 ? layer with { Rotary = layer.Rotary! with { Scaling = null } } : layer);
}
