using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>StableLM (arXiv 2402.17834): LayerNorm, SwiGLU, a rotated part of each head; the 12B model has a norm on queries and keys, and attention and feed-forward side by side.</summary>
internal sealed class StableLmFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "stablelm";

    /// <inheritdoc/>
    public override string Models => "StableLM 3B, StableLM 2 1.6B (12B as GGUF)";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "StableLmForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "stablelm";

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.With(
        (TensorRole.QueryNorm, new TensorLocation("blk.{layer}.attn_q_norm.weight").PerHead()),
        (TensorRole.KeyNorm, new TensorLocation("blk.{layer}.attn_k_norm.weight").PerHead()));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [], Epsilon = ["layer_norm_eps"], PartialRotary = ["partial_rotary_factor"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, PartialRotary = 0.25f };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.PerHeadLayer },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // The norm has one tensor for each head in these files, which no other family does.
        fields.Expect("qk_layernorm", false);
        fields.Expect("rotary_scaling_factor", 1);
        return config with
        {
            NormPlacement = fields.Boolean("use_parallel_residual") is true ? NormPlacement.Parallel : NormPlacement.Pre,
            Attention = config.Attention with { QueryKeyValueBias = fields.Boolean("use_qkv_bias") ?? false, QueryKeyNorm = QueryKeyNorm.None },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["use_parallel_residual"] = config.NormPlacement == NormPlacement.Parallel;
        json["use_qkv_bias"] = config.Attention.QueryKeyValueBias;
        json["qk_layernorm"] = config.Attention.QueryKeyNorm != QueryKeyNorm.None;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields)
    {
        // Other writers state it as well; llama.cpp goes by the norm, as we do.
        fields.Ignore("use_parallel_residual");
        return config with { NormPlacement = fields.HasRole(GgufNaming, TensorRole.FeedForwardNorm) ? NormPlacement.Pre : NormPlacement.Parallel };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) =>
        set("use_parallel_residual", GgufValue.Of(config.NormPlacement == NormPlacement.Parallel));
}
