using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>Command-R7B and Command-A (arXiv 2504.00698): Command-R with a window in three of four layers and no positions in the fourth.</summary>
internal sealed class Cohere2Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "cohere2";

    /// <inheritdoc/>
    public override string Models => "Command-R7B, Command-A";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Cohere2ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "cohere2";

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { Epsilon = ["layer_norm_eps"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true, Window = 4096 };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override int WindowPeriod => 4;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Norm = NormKind.LayerWithoutBias, NormPlacement = NormPlacement.Parallel };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // They describe the code that the authors trained with, not the model.
        fields.Ignore("order_of_interleaved_layers", "position_embedding_type", "rotary_pct", "use_embedding_sharing", "use_parallel_block", "use_parallel_embedding", "layer_switch");
        fields.Expect("use_gated_activation", true);
        fields.Expect("use_qk_norm", false);
        return WithoutGlobalPositions(LlamaBiases.ReadAttention(config, fields) with { LogitScale = fields.Single("logit_scale") ?? 0.0625f });
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["logit_scale"] = config.LogitScale;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) =>
        WithoutGlobalPositions(config with { LogitScale = fields.Single("logit_scale") is { } scale && scale != 0 ? scale : 1 });

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) => set("logit_scale", GgufValue.Of(config.LogitScale));

    private static ModelConfig WithoutGlobalPositions(ModelConfig config) =>
        LayerPatterns.WithLayers(config, (_, layer) => layer.Window > 0 ? layer : layer with { Rotary = null });
}
