using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>StarCoder 2 (arXiv 2402.19173): LayerNorm, plain GELU layers, biases everywhere, a sliding window.</summary>
internal sealed class Starcoder2Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "starcoder2";

    /// <inheritdoc/>
    public override string Models => "StarCoder 2";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Starcoder2ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "starcoder2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.Up, "model.layers.{layer}.mlp.c_fc.weight"),
        (TensorRole.UpBias, "model.layers.{layer}.mlp.c_fc.bias"),
        (TensorRole.Down, "model.layers.{layer}.mlp.c_proj.weight"),
        (TensorRole.DownBias, "model.layers.{layer}.mlp.c_proj.bias"));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [], Epsilon = ["norm_epsilon"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanh, Bias = true };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // layer_norm_epsilon repeats norm_epsilon; the precision of softmax is the engine's own.
        fields.Ignore("layer_norm_epsilon", "scale_attention_softmax_in_fp32");
        fields.Expect("scale_attn_weights", true);
        fields.Expect("norm_type", "layer_norm");
        fields.Expect("mlp_type", "default");
        bool bias = fields.Boolean("use_bias") ?? true;
        return config with
        {
            FeedForwards = [.. config.FeedForwards.Select(layer => layer with { Bias = bias })],
            Attention = config.Attention with { QueryKeyValueBias = bias, OutputBias = bias },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["use_bias"] = config.Attention.OutputBias;
}
