using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// GPT-2 (Radford et al. 2019), and mGPT and ruGPT in its form: learned positions, LayerNorm, biases everywhere. Its Hugging Face files
/// store matrices as [in, out].
/// </summary>
internal sealed class Gpt2Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "gpt2";

    /// <inheritdoc/>
    public override string Models => "GPT-2, mGPT, ruGPT 3, DistilGPT-2";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "GPT2LMHeadModel";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gpt2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("transformer.h.{layer}.attn.c_attn.weight").Transposed().Fused(RowGroups.One, TensorRole.Query, TensorRole.Key, TensorRole.Value))
        .WithFused(new TensorLocation("transformer.h.{layer}.attn.c_attn.bias").Fused(RowGroups.One, TensorRole.QueryBias, TensorRole.KeyBias, TensorRole.ValueBias))
        .With(
            (TensorRole.Embedding, "transformer.wte.weight"),
            (TensorRole.PositionEmbedding, "transformer.wpe.weight"),
            (TensorRole.AttentionNorm, "transformer.h.{layer}.ln_1.weight"),
            (TensorRole.AttentionNormBias, "transformer.h.{layer}.ln_1.bias"),
            (TensorRole.AttentionOutput, new TensorLocation("transformer.h.{layer}.attn.c_proj.weight").Transposed()),
            (TensorRole.AttentionOutputBias, "transformer.h.{layer}.attn.c_proj.bias"),
            (TensorRole.FeedForwardNorm, "transformer.h.{layer}.ln_2.weight"),
            (TensorRole.FeedForwardNormBias, "transformer.h.{layer}.ln_2.bias"),
            (TensorRole.Up, new TensorLocation("transformer.h.{layer}.mlp.c_fc.weight").Transposed()),
            (TensorRole.UpBias, "transformer.h.{layer}.mlp.c_fc.bias"),
            (TensorRole.Down, new TensorLocation("transformer.h.{layer}.mlp.c_proj.weight").Transposed()),
            (TensorRole.DownBias, "transformer.h.{layer}.mlp.c_proj.bias"),
            (TensorRole.FinalNorm, "transformer.ln_f.weight"),
            (TensorRole.FinalNormBias, "transformer.ln_f.bias"))
        .WithRoots("transformer.", "");

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf
        .WithFused(FusedNames.GgufWeights)
        .WithFused(FusedNames.GgufBiases);

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys => HuggingFaceKeys.Gpt2;

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true, IntermediateFactor = 4, Context = 1024 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanh, Bias = true };

    /// <inheritdoc/>
    protected override bool HasRotary => false;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        LearnedPositions = config.ContextLength,
        Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // Upcasting is a matter of precision, which the engine has anyway; n_ctx repeats n_positions; the others were for the head of a classifier.
        fields.Ignore("n_ctx", "reorder_and_upcast_attn", "n_special", "predict_special_tokens");
        fields.Expect("scale_attn_weights", true);
        fields.Expect("scale_attn_by_inverse_layer_idx", false);
        fields.Expect("add_cross_attention", false);
        return config;
    }
}
