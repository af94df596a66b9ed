using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// Falcon (arXiv 2311.16867): attention and feed-forward side by side; the 7B model has one LayerNorm and one key-value head, those of the "new
/// decoder architecture" two norms and several. Those with ALiBi (RefinedWeb 1B) are not supported: llama.cpp, the oracle, has none.
/// </summary>
internal sealed class FalconFamily : DecoderFamily
{
    private static readonly TensorNaming OneNorm = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("transformer.h.{layer}.self_attention.query_key_value.weight").Fused(RowGroups.KeyValueHeads, TensorRole.Query, TensorRole.Key, TensorRole.Value))
        .With(
            (TensorRole.Embedding, "transformer.word_embeddings.weight"),
            (TensorRole.AttentionNorm, "transformer.h.{layer}.input_layernorm.weight"),
            (TensorRole.AttentionNormBias, "transformer.h.{layer}.input_layernorm.bias"),
            (TensorRole.AttentionOutput, "transformer.h.{layer}.self_attention.dense.weight"),
            (TensorRole.Up, "transformer.h.{layer}.mlp.dense_h_to_4h.weight"),
            (TensorRole.Down, "transformer.h.{layer}.mlp.dense_4h_to_h.weight"),
            (TensorRole.FinalNorm, "transformer.ln_f.weight"),
            (TensorRole.FinalNormBias, "transformer.ln_f.bias"));

    private static readonly TensorNaming TwoNorms = OneNorm.With(
        (TensorRole.AttentionNorm, "transformer.h.{layer}.ln_attn.weight"),
        (TensorRole.AttentionNormBias, "transformer.h.{layer}.ln_attn.bias"),
        (TensorRole.FeedForwardNorm, "transformer.h.{layer}.ln_mlp.weight"),
        (TensorRole.FeedForwardNormBias, "transformer.h.{layer}.ln_mlp.bias"));

    private static readonly TensorNaming GgufTwoNorms = TensorNaming.Gguf.WithFused(FusedNames.GgufWeights).With(
        (TensorRole.AttentionNorm, "blk.{layer}.attn_norm_2.weight"),
        (TensorRole.AttentionNormBias, "blk.{layer}.attn_norm_2.bias"),
        (TensorRole.FeedForwardNorm, "blk.{layer}.attn_norm.weight"),
        (TensorRole.FeedForwardNormBias, "blk.{layer}.attn_norm.bias"));

    /// <inheritdoc/>
    public override string Name => "falcon";

    /// <inheritdoc/>
    public override string Models => "Falcon 7B, 40B, 180B, Falcon 2 11B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "FalconForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "falcon";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming => OneNorm;

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.WithFused(FusedNames.GgufWeights);

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNamingFor(ModelConfig config) => config.NormPlacement == NormPlacement.ParallelTwoNorms ? TwoNorms : OneNorm;

    /// <inheritdoc/>
    internal override TensorNaming GgufNamingFor(ModelConfig config) => config.NormPlacement == NormPlacement.ParallelTwoNorms ? GgufTwoNorms : GgufNaming;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with
    {
        Layers = ["num_hidden_layers", "n_layer"],
        Heads = ["num_attention_heads", "n_head"],
        KeyValueHeads = [],
        HeadSize = [],
        Intermediate = ["ffn_hidden_size"],
        Epsilon = ["layer_norm_epsilon"],
        Activation = ["activation"],
    };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true, IntermediateFactor = 4, Context = 2048 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.Gelu };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Norm = NormKind.Layer, NormPlacement = NormPlacement.Parallel };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Expect("alibi", false);
        fields.Expect("bias", false);
        fields.Expect("parallel_attn", true);
        bool isNew = fields.Boolean("new_decoder_architecture") ?? false;
        bool multiQuery = fields.Boolean("multi_query") ?? true;
        int groups = fields.Int32("num_kv_heads", "n_head_kv") ?? config.HeadCount;
        int norms = fields.Int32("num_ln_in_parallel_attn") ?? (isNew ? 2 : 1);
        if (!isNew && norms != 1)
        {
            throw fields.Error("num_ln_in_parallel_attn", $"{norms} norms without new_decoder_architecture are not supported; 1 is expected");
        }

        return config with
        {
            KeyValueHeadCount = isNew ? groups : multiQuery ? 1 : config.HeadCount,
            NormPlacement = norms == 2 ? NormPlacement.ParallelTwoNorms : NormPlacement.Parallel,
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        bool two = config.NormPlacement == NormPlacement.ParallelTwoNorms;
        json["new_decoder_architecture"] = two || (config.KeyValueHeadCount != 1 && config.KeyValueHeadCount != config.HeadCount);
        json["multi_query"] = config.KeyValueHeadCount == 1;
        json["num_kv_heads"] = config.KeyValueHeadCount;
        json["num_ln_in_parallel_attn"] = two ? 2 : 1;
        json["parallel_attn"] = true;
        json["alibi"] = false;
        json["bias"] = false;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) =>
        fields.HasTensor("blk.0.attn_norm_2.weight") ? config with { NormPlacement = NormPlacement.ParallelTwoNorms } : config;
}
