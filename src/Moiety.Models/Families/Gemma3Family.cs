using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// The text models of Gemma 3 (arXiv 2503.19786): Gemma 2 with a norm on each head of queries and keys instead of soft caps, five layers with a
/// window for one without, and rotary positions of their own in layers with a window.
/// </summary>
internal sealed class Gemma3Family : DecoderFamily
{
    // GGUF files do not tell the scale of the scores: it follows from the size of the model.
    private const int LayersOf27B = 62;
    private const float DefaultLocalTheta = 10000f;

    /// <inheritdoc/>
    public override string Name => "gemma3_text";

    /// <inheritdoc/>
    public override string Models => "Gemma 3, text";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Gemma3ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gemma3";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.QueryNorm, new TensorLocation("model.layers.{layer}.self_attn.q_norm.weight").Plus(1)),
        (TensorRole.KeyNorm, new TensorLocation("model.layers.{layer}.self_attn.k_norm.weight").Plus(1)),
        (TensorRole.AttentionNorm, new TensorLocation("model.layers.{layer}.input_layernorm.weight").Plus(1)),
        (TensorRole.AttentionOutputNorm, new TensorLocation("model.layers.{layer}.post_attention_layernorm.weight").Plus(1)),
        (TensorRole.FeedForwardNorm, new TensorLocation("model.layers.{layer}.pre_feedforward_layernorm.weight").Plus(1)),
        (TensorRole.FeedForwardOutputNorm, new TensorLocation("model.layers.{layer}.post_feedforward_layernorm.weight").Plus(1)),
        (TensorRole.FinalNorm, new TensorLocation("model.norm.weight").Plus(1)));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { Activation = ["hidden_activation"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new()
    {
        TieWordEmbeddings = true,
        HeadSize = 256,
        Heads = 8,
        KeyValueHeads = 4,
        Theta = 1e6f,
        Context = 131072,
        Window = 4096,
        Vocabulary = 262208,
        Bos = 2,
        Eos = 1,
    };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanhGated };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override int WindowPeriod => 6;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        NormPlacement = NormPlacement.Sandwich,
        EmbeddingScale = MathF.Sqrt(config.HiddenSize),
        Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.PerHead },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Expect("use_bidirectional_attention", false);
        return GemmaScores.ReadScale(LlamaBiases.ReadAttention(WithLocal(config, fields.Single("rope_local_base_freq") ?? DefaultLocalTheta), fields), fields) with
        {
            LogitSoftCap = fields.Single("final_logit_softcapping") ?? 0,
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["rope_local_base_freq"] = LocalTheta(config);
        json["final_logit_softcapping"] = config.LogitSoftCap > 0 ? config.LogitSoftCap : null;
        GemmaScores.WriteScale(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields)
    {
        ModelConfig local = WithLocal(config, fields.Single("rope.freq_base_swa") ?? DefaultLocalTheta);
        return GemmaScores.WithScale(local, GemmaScores.GgufScalar(local, LayersOf27B)) with
        {
            LogitSoftCap = fields.Single("final_logit_softcapping") ?? 0,
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set)
    {
        set("rope.freq_base_swa", GgufValue.Of(LocalTheta(config)));
        if (config.LogitSoftCap > 0)
        {
            set("final_logit_softcapping", GgufValue.Of(config.LogitSoftCap));
        }
    }

    private static float LocalTheta(ModelConfig config) =>
        config.LayerAttentions.FirstOrDefault(layer => layer.Window > 0)?.Rotary?.Theta ?? DefaultLocalTheta;

    private static ModelConfig WithLocal(ModelConfig config, float theta) => LayerPatterns.WithLayers(config, (_, layer) =>
        layer.Window > 0 ? layer with { Rotary = config.Rotary! with { Theta = theta, Scaling = null } } : layer);
}
