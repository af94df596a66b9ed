using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>BLOOM (arXiv 2211.05100): ALiBi, LayerNorm also on the embedding, biases everywhere.</summary>
internal sealed class BloomFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "bloom";

    /// <inheritdoc/>
    public override string Models => "BLOOM, BLOOMZ";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "BloomForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "bloom";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("transformer.h.{layer}.self_attention.query_key_value.weight").Fused(RowGroups.KeyValueHeads, TensorRole.Query, TensorRole.Key, TensorRole.Value))
        .WithFused(new TensorLocation("transformer.h.{layer}.self_attention.query_key_value.bias").Fused(RowGroups.KeyValueHeads, TensorRole.QueryBias, TensorRole.KeyBias, TensorRole.ValueBias))
        .With(
            (TensorRole.Embedding, "transformer.word_embeddings.weight"),
            (TensorRole.EmbeddingNorm, "transformer.word_embeddings_layernorm.weight"),
            (TensorRole.EmbeddingNormBias, "transformer.word_embeddings_layernorm.bias"),
            (TensorRole.AttentionNorm, "transformer.h.{layer}.input_layernorm.weight"),
            (TensorRole.AttentionNormBias, "transformer.h.{layer}.input_layernorm.bias"),
            (TensorRole.AttentionOutput, "transformer.h.{layer}.self_attention.dense.weight"),
            (TensorRole.AttentionOutputBias, "transformer.h.{layer}.self_attention.dense.bias"),
            (TensorRole.FeedForwardNorm, "transformer.h.{layer}.post_attention_layernorm.weight"),
            (TensorRole.FeedForwardNormBias, "transformer.h.{layer}.post_attention_layernorm.bias"),
            (TensorRole.Up, "transformer.h.{layer}.mlp.dense_h_to_4h.weight"),
            (TensorRole.UpBias, "transformer.h.{layer}.mlp.dense_h_to_4h.bias"),
            (TensorRole.Down, "transformer.h.{layer}.mlp.dense_4h_to_h.weight"),
            (TensorRole.DownBias, "transformer.h.{layer}.mlp.dense_4h_to_h.bias"),
            (TensorRole.FinalNorm, "transformer.ln_f.weight"),
            (TensorRole.FinalNormBias, "transformer.ln_f.bias"))
        .WithRoots("transformer.", "");

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf
        .WithFused(FusedNames.GgufWeights)
        .WithFused(FusedNames.GgufBiases);

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Gpt2 with
    {
        HiddenSize = ["hidden_size", "n_embed"],
        Layers = ["n_layer", "num_hidden_layers"],
        Heads = ["n_head", "num_attention_heads"],
        Context = ["seq_length"],
        Intermediate = ["n_inner"],
        Activation = [],
    };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true, IntermediateFactor = 4, Context = 2048 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanh, Bias = true };

    /// <inheritdoc/>
    protected override bool HasRotary => false;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        EmbeddingNorm = true,
        Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true, AlibiMaxBias = 8 },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // How the training code joined kernels.
        fields.Ignore("skip_bias_add", "skip_bias_add_qkv");
        fields.Expect("apply_residual_connection_post_layernorm", false);
        return config;
    }
}
