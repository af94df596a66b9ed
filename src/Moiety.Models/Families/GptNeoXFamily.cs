using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// GPT-NeoX (arXiv 2204.06745), Pythia and Dolly: LayerNorm, a rotated part of each head, attention and feed-forward side by side or one after
/// the other.
/// </summary>
internal sealed class GptNeoXFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "gpt_neox";

    /// <inheritdoc/>
    public override string Models => "GPT-NeoX-20B, Pythia, Dolly";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "GPTNeoXForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gptneox";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("gpt_neox.layers.{layer}.attention.query_key_value.weight").Fused(RowGroups.KeyValueHeads, TensorRole.Query, TensorRole.Key, TensorRole.Value))
        .WithFused(new TensorLocation("gpt_neox.layers.{layer}.attention.query_key_value.bias").Fused(RowGroups.KeyValueHeads, TensorRole.QueryBias, TensorRole.KeyBias, TensorRole.ValueBias))
        .With(
            (TensorRole.Embedding, "gpt_neox.embed_in.weight"),
            (TensorRole.AttentionNorm, "gpt_neox.layers.{layer}.input_layernorm.weight"),
            (TensorRole.AttentionNormBias, "gpt_neox.layers.{layer}.input_layernorm.bias"),
            (TensorRole.AttentionOutput, "gpt_neox.layers.{layer}.attention.dense.weight"),
            (TensorRole.AttentionOutputBias, "gpt_neox.layers.{layer}.attention.dense.bias"),
            (TensorRole.FeedForwardNorm, "gpt_neox.layers.{layer}.post_attention_layernorm.weight"),
            (TensorRole.FeedForwardNormBias, "gpt_neox.layers.{layer}.post_attention_layernorm.bias"),
            (TensorRole.Up, "gpt_neox.layers.{layer}.mlp.dense_h_to_4h.weight"),
            (TensorRole.UpBias, "gpt_neox.layers.{layer}.mlp.dense_h_to_4h.bias"),
            (TensorRole.Down, "gpt_neox.layers.{layer}.mlp.dense_4h_to_h.weight"),
            (TensorRole.DownBias, "gpt_neox.layers.{layer}.mlp.dense_4h_to_h.bias"),
            (TensorRole.FinalNorm, "gpt_neox.final_layer_norm.weight"),
            (TensorRole.FinalNormBias, "gpt_neox.final_layer_norm.bias"),
            (TensorRole.Head, "embed_out.weight"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf
        .WithFused(FusedNames.GgufWeights)
        .WithFused(FusedNames.GgufBiases);

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with
    {
        KeyValueHeads = [],
        HeadSize = [],
        Epsilon = ["layer_norm_eps"],
        Theta = ["rotary_emb_base", "rope_theta"],
        PartialRotary = ["rotary_pct"],
    };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, PartialRotary = 0.25f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.Gelu, Bias = true };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true },
    };

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) =>
        fileName.EndsWith(".attention.bias", StringComparison.Ordinal) || base.IsIgnored(fileName, config);

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        bool bias = fields.Boolean("attention_bias") ?? true;
        return Place(config, fields.Boolean("use_parallel_residual") ?? true) with { Attention = config.Attention with { QueryKeyValueBias = bias, OutputBias = bias } };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["use_parallel_residual"] = config.NormPlacement == NormPlacement.ParallelTwoNorms;
        json["attention_bias"] = config.Attention.OutputBias;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => Place(config, fields.Boolean("use_parallel_residual") ?? true);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) =>
        set("use_parallel_residual", GgufValue.Of(config.NormPlacement == NormPlacement.ParallelTwoNorms));

    private static ModelConfig Place(ModelConfig config, bool parallel) =>
        config with { NormPlacement = parallel ? NormPlacement.ParallelTwoNorms : NormPlacement.Pre };
}
