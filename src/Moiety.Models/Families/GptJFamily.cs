using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// GPT-J: attention and feed-forward side by side after one LayerNorm, a part of each head rotated in neighboring pairs. llama.cpp has no graph
/// for it, so there are no GGUF files.
/// </summary>
internal sealed class GptJFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "gptj";

    /// <inheritdoc/>
    public override string Models => "GPT-J-6B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "GPTJForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gptj";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.Embedding, "transformer.wte.weight"),
        (TensorRole.AttentionNorm, "transformer.h.{layer}.ln_1.weight"),
        (TensorRole.AttentionNormBias, "transformer.h.{layer}.ln_1.bias"),
        (TensorRole.Query, "transformer.h.{layer}.attn.q_proj.weight"),
        (TensorRole.Key, "transformer.h.{layer}.attn.k_proj.weight"),
        (TensorRole.Value, "transformer.h.{layer}.attn.v_proj.weight"),
        (TensorRole.AttentionOutput, "transformer.h.{layer}.attn.out_proj.weight"),
        (TensorRole.Up, "transformer.h.{layer}.mlp.fc_in.weight"),
        (TensorRole.UpBias, "transformer.h.{layer}.mlp.fc_in.bias"),
        (TensorRole.Down, "transformer.h.{layer}.mlp.fc_out.weight"),
        (TensorRole.DownBias, "transformer.h.{layer}.mlp.fc_out.bias"),
        (TensorRole.FinalNorm, "transformer.ln_f.weight"),
        (TensorRole.FinalNormBias, "transformer.ln_f.bias"));

    /// <inheritdoc/>
    public override bool HasGguf => false;

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys => HuggingFaceKeys.Gpt2;

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, IntermediateFactor = 4 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanh, Bias = true };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        NormPlacement = NormPlacement.Parallel,
        HeadBias = true,
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Ignore("n_ctx");
        fields.Expect("rotary", true);
        fields.Expect("scale_attn_weights", true);
        int dimensions = fields.Int32("rotary_dim") ?? 64;
        return config with { Rotary = config.Rotary! with { Dimensions = dimensions == config.HeadSize ? null : dimensions } };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["rotary_dim"] = config.Rotary!.Dimensions ?? config.HeadSize;
}
