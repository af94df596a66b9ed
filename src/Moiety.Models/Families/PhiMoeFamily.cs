using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// Phi-3.5-MoE (arXiv 2409.12136): two experts of sixteen by SparseMixer, LayerNorm, biases. llama.cpp loads its GGUF files but computes RMSNorm
/// and a softmax over the experts, which is another model; <c>transformers</c> is the oracle.
/// </summary>
internal sealed class PhiMoeFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "phimoe";

    /// <inheritdoc/>
    public override string Models => "Phi-3.5-MoE";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "PhimoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "phimoe";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.Router, "model.layers.{layer}.block_sparse_moe.gate.weight"),
        (TensorRole.ExpertGate, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w1.weight"),
        (TensorRole.ExpertDown, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w2.weight"),
        (TensorRole.ExpertUp, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w3.weight"));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, Theta = 1e6f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = false, Gating = GatingKind.SparseMixer },
    };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Norm = NormKind.Layer };

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        LocalExperts.Read(fields, layers, Facts(fields), experts: 16, topK: 2);

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        WriteActivation(config.FeedForwards[0], json);
        LocalExperts.Write(config, json);
        json["router_jitter_noise"] = config.FeedForwards[0].Moe?.SparseMixerJitter;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Ignore("original_max_position_embeddings");
        ModelConfig biased = LlamaBiases.ReadAttention(config, fields) with { HeadBias = fields.Boolean("lm_head_bias") ?? false };
        return biased.Rotary?.Scaling is FactorRotaryScaling factors && fields.Object("rope_scaling") is { } scaling && scaling.Single("short_mscale") is { } magnitude
            ? WithScaling(biased, factors with { AttentionFactor = ReadMagnitude(scaling, magnitude) })
            : biased;
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["lm_head_bias"] = config.HeadBias;
        if (config.Rotary?.Scaling is FactorRotaryScaling factors && json["rope_scaling"] is JsonObject scaling)
        {
            scaling["short_mscale"] = factors.AttentionFactor;
            scaling["long_mscale"] = factors.AttentionFactor;
        }
    }

    private FeedForwardConfig Facts(ConfigFields fields) => FeedForward with
    {
        Activation = ReadActivation(fields),
        Moe = FeedForward.Moe! with { SparseMixerJitter = fields.Single("router_jitter_noise") ?? 0.01f },
    };

    // Layers with a window have positions of their own.
    private static ModelConfig WithScaling(ModelConfig config, FactorRotaryScaling scaling) => config with
    {
        Rotary = config.Rotary! with { Scaling = scaling },
        LayerAttentions = [.. config.LayerAttentions.Select(layer => layer with { Rotary = layer.Rotary! with { Scaling = scaling } })],
    };

    private static float ReadMagnitude(ConfigFields scaling, float magnitude) => scaling.Single("long_mscale") is { } other && other != magnitude
        ? throw scaling.Error("long_mscale", FormattableString.Invariant($"{other}, other than short_mscale {magnitude}, is not supported"))
        : magnitude;
}
