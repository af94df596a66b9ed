using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// Phi-3, 3.5 and 4 (arXiv 2404.14219): Llama with fused projections, a sliding window in some models, and LongRoPE in those for long contexts.
/// </summary>
internal sealed class Phi3Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "phi3";

    /// <inheritdoc/>
    public override string Models => "Phi-3, Phi-3.5-mini, Phi-4, Phi-4-mini";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Phi3ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "phi3";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("model.layers.{layer}.self_attn.qkv_proj.weight").Fused(RowGroups.One, TensorRole.Query, TensorRole.Key, TensorRole.Value))
        .WithFused(new TensorLocation("model.layers.{layer}.mlp.gate_up_proj.weight").Fused(RowGroups.One, TensorRole.Gate, TensorRole.Up));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.WithFused(FusedNames.GgufWeights).WithFused(FusedNames.GgufGateUp);

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [], PartialRotary = ["partial_rotary_factor"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // Only LongRoPE reads it, but all files have it.
        fields.Ignore("original_max_position_embeddings");
        fields.Expect("full_attn_mod", 1);
        fields.Expect("interpolate_factor", 1);
        fields.Expect("attention_bias", false);
        return config;
    }
}
