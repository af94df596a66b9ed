using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// GPT-OSS (arXiv 2508.10925): experts with clamped SwiGLU and biases, a sink in every head, a window in every other layer, YaRN. Published
/// files have the experts in MXFP4, others as [experts, in, out] with gate and up column by column in turns.
/// </summary>
internal sealed class GptOssFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "gpt_oss";

    /// <inheritdoc/>
    public override string Models => "GPT-OSS 20B and 120B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "GptOssForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gpt-oss";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("model.layers.{layer}.mlp.experts.gate_up_proj").Transposed().Fused(RowGroups.Rows, TensorRole.ExpertGate, TensorRole.ExpertUp)
            .Or(new TensorLocation("model.layers.{layer}.mlp.experts.gate_up_proj_blocks").Fused(RowGroups.Rows, TensorRole.ExpertGate, TensorRole.ExpertUp)))
        .WithFused(new TensorLocation("model.layers.{layer}.mlp.experts.gate_up_proj_bias").Fused(RowGroups.Rows, TensorRole.ExpertGateBias, TensorRole.ExpertUpBias))
        .With(
            (TensorRole.ExpertDown, new TensorLocation("model.layers.{layer}.mlp.experts.down_proj").Transposed()
                .Or(new TensorLocation("model.layers.{layer}.mlp.experts.down_proj_blocks"))),
            (TensorRole.ExpertDownBias, "model.layers.{layer}.mlp.experts.down_proj_bias"),
            (TensorRole.Router, "model.layers.{layer}.mlp.router.weight"),
            (TensorRole.RouterBias, "model.layers.{layer}.mlp.router.bias"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.With((TensorRole.FeedForwardNorm, "blk.{layer}.post_attention_norm.weight"));

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, Theta = 150000f, HeadSize = 64, TruncatesYarn = false, Window = 128 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Activation = Activation.ClampedSiluGated,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true, RouterBias = true, ExpertBias = true },
    };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override int WindowPeriod => 2;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Attention = config.Attention with { Sinks = true, QueryKeyValueBias = true, OutputBias = true },
    };

    /// <inheritdoc/>
    protected override Activation ReadActivation(ConfigFields fields)
    {
        fields.Expect("hidden_act", "silu");
        fields.Expect("swiglu_limit", 7);
        return FeedForward.Activation;
    }

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        LocalExperts.Read(fields, layers, FeedForward with { Activation = ReadActivation(fields) }, experts: 128, topK: 4);

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        WriteActivation(config.FeedForwards[0], json);
        LocalExperts.Write(config, json);
        json["swiglu_limit"] = 7.0;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // They repeat num_experts_per_tok and the original context of YaRN.
        fields.Ignore("experts_per_token", "initial_context_length");
        bool bias = fields.Boolean("attention_bias") ?? true;
        return config with { Attention = config.Attention with { QueryKeyValueBias = bias, OutputBias = bias } };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["attention_bias"] = config.Attention.OutputBias;
}
