using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>Gemma 2 (arXiv 2408.00118): Gemma with norms on both sides of attention and feed-forward, soft-capped scores and logits, and a window in every other layer.</summary>
internal sealed class Gemma2Family : DecoderFamily
{
    // GGUF files do not tell the scale of the scores: it follows from the size of the model.
    private const int LayersOf27B = 46;
    private const float DefaultLogitCap = 30;
    private const float DefaultScoreCap = 50;

    /// <inheritdoc/>
    public override string Name => "gemma2";

    /// <inheritdoc/>
    public override string Models => "Gemma 2";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Gemma2ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gemma2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.AttentionNorm, new TensorLocation("model.layers.{layer}.input_layernorm.weight").Plus(1)),
        (TensorRole.AttentionOutputNorm, new TensorLocation("model.layers.{layer}.post_attention_layernorm.weight").Plus(1)),
        (TensorRole.FeedForwardNorm, new TensorLocation("model.layers.{layer}.pre_feedforward_layernorm.weight").Plus(1)),
        (TensorRole.FeedForwardOutputNorm, new TensorLocation("model.layers.{layer}.post_feedforward_layernorm.weight").Plus(1)),
        (TensorRole.FinalNorm, new TensorLocation("model.norm.weight").Plus(1)));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { Activation = ["hidden_activation"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { TieWordEmbeddings = true, HeadSize = 256, Window = 4096 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanhGated };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override int WindowPeriod => 2;

    /// <inheritdoc/>
    protected override int GgufDefaultWindow => 4096;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        NormPlacement = NormPlacement.Sandwich,
        EmbeddingScale = MathF.Sqrt(config.HiddenSize),
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // They repeat hidden_activation and sliding_window.
        fields.Ignore("hidden_act", "sliding_window_size");
        ModelConfig scaled = GemmaScores.ReadScale(LlamaBiases.ReadAttention(config, fields), fields);
        return scaled with
        {
            LogitSoftCap = fields.Single("final_logit_softcapping") ?? (fields.States("final_logit_softcapping") ? 0 : DefaultLogitCap),
            Attention = fields.States("attn_logit_softcapping") ? scaled.Attention : scaled.Attention with { LogitSoftCap = DefaultScoreCap },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["final_logit_softcapping"] = config.LogitSoftCap > 0 ? config.LogitSoftCap : null;
        GemmaScores.WriteScale(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields)
    {
        ModelConfig scaled = GemmaScores.WithScale(config, GemmaScores.GgufScalar(config, LayersOf27B));
        return scaled with
        {
            LogitSoftCap = fields.Single("final_logit_softcapping") ?? DefaultLogitCap,
            Attention = scaled.Attention with { LogitSoftCap = fields.Single("attn_logit_softcapping") ?? DefaultScoreCap },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set)
    {
        set("final_logit_softcapping", GgufValue.Of(config.LogitSoftCap));
        set("attn_logit_softcapping", GgufValue.Of(config.Attention.LogitSoftCap));
    }
}
