using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>Phi-1, 1.5 and 2 (arXiv 2306.11644, 2309.05463): attention and feed-forward side by side after one LayerNorm, a rotated part of each head, biases everywhere.</summary>
internal sealed class PhiFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "phi";

    /// <inheritdoc/>
    public override string Models => "Phi-1, 1.5 and 2";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "PhiForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "phi2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.AttentionOutput, "model.layers.{layer}.self_attn.dense.weight"),
        (TensorRole.AttentionOutputBias, "model.layers.{layer}.self_attn.dense.bias"),
        (TensorRole.Up, "model.layers.{layer}.mlp.fc1.weight"),
        (TensorRole.UpBias, "model.layers.{layer}.mlp.fc1.bias"),
        (TensorRole.Down, "model.layers.{layer}.mlp.fc2.weight"),
        (TensorRole.DownBias, "model.layers.{layer}.mlp.fc2.bias"),
        (TensorRole.FinalNorm, "model.final_layernorm.weight"),
        (TensorRole.FinalNormBias, "model.final_layernorm.bias"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming => FusedNames.SeparateOrFused;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [], Epsilon = ["layer_norm_eps"], PartialRotary = ["partial_rotary_factor"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, PartialRotary = 0.5f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanh, Bias = true };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        NormPlacement = NormPlacement.Parallel,
        HeadBias = true,
        Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Expect("qk_layernorm", false);
        return config;
    }
}
