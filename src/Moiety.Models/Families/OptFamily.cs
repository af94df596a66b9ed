using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// OPT (arXiv 2205.01068): learned positions from row 2 on, LayerNorm before or (350M) after, ReLU, biases everywhere. The 350M model has
/// projections around a narrower embedding. llama.cpp has no such architecture, so there are no GGUF files.
/// </summary>
internal sealed class OptFamily : DecoderFamily
{
    private const int FirstPosition = 2;

    /// <inheritdoc/>
    public override string Name => "opt";

    /// <inheritdoc/>
    public override string Models => "OPT, 350M included";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "OPTForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "opt";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.Embedding, "model.decoder.embed_tokens.weight"),
        (TensorRole.PositionEmbedding, "model.decoder.embed_positions.weight"),
        (TensorRole.EmbeddingProjection, "model.decoder.project_in.weight"),
        (TensorRole.HeadProjection, "model.decoder.project_out.weight"),
        (TensorRole.AttentionNorm, "model.decoder.layers.{layer}.self_attn_layer_norm.weight"),
        (TensorRole.AttentionNormBias, "model.decoder.layers.{layer}.self_attn_layer_norm.bias"),
        (TensorRole.Query, "model.decoder.layers.{layer}.self_attn.q_proj.weight"),
        (TensorRole.QueryBias, "model.decoder.layers.{layer}.self_attn.q_proj.bias"),
        (TensorRole.Key, "model.decoder.layers.{layer}.self_attn.k_proj.weight"),
        (TensorRole.KeyBias, "model.decoder.layers.{layer}.self_attn.k_proj.bias"),
        (TensorRole.Value, "model.decoder.layers.{layer}.self_attn.v_proj.weight"),
        (TensorRole.ValueBias, "model.decoder.layers.{layer}.self_attn.v_proj.bias"),
        (TensorRole.AttentionOutput, "model.decoder.layers.{layer}.self_attn.out_proj.weight"),
        (TensorRole.AttentionOutputBias, "model.decoder.layers.{layer}.self_attn.out_proj.bias"),
        (TensorRole.FeedForwardNorm, "model.decoder.layers.{layer}.final_layer_norm.weight"),
        (TensorRole.FeedForwardNormBias, "model.decoder.layers.{layer}.final_layer_norm.bias"),
        (TensorRole.Up, "model.decoder.layers.{layer}.fc1.weight"),
        (TensorRole.UpBias, "model.decoder.layers.{layer}.fc1.bias"),
        (TensorRole.Down, "model.decoder.layers.{layer}.fc2.weight"),
        (TensorRole.DownBias, "model.decoder.layers.{layer}.fc2.bias"),
        (TensorRole.FinalNorm, "model.decoder.final_layer_norm.weight"),
        (TensorRole.FinalNormBias, "model.decoder.final_layer_norm.bias"))
        .WithRoots("model.decoder.", "decoder.");

    /// <inheritdoc/>
    public override bool HasGguf => false;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with
    {
        KeyValueHeads = [],
        HeadSize = [],
        Intermediate = ["ffn_dim"],
        Epsilon = [],
        Activation = ["activation_function"],
    };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.Relu, Bias = true };

    /// <inheritdoc/>
    protected override bool HasRotary => false;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.Layer,
        LearnedPositions = SaturatedSize.Sum(config.ContextLength, FirstPosition),
        PositionOffset = FirstPosition,
        Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Ignore("layerdrop");
        fields.Expect("enable_bias", true);
        fields.Expect("layer_norm_elementwise_affine", true);
        bool before = fields.Boolean("do_layer_norm_before") ?? true;
        int embedded = fields.Int32("word_embed_proj_dim") ?? config.HiddenSize;
        return config with
        {
            NormPlacement = before ? NormPlacement.Pre : NormPlacement.Post,
            FinalNorm = before && fields.Boolean("_remove_final_layer_norm") is not true,
            EmbeddingSize = embedded == config.HiddenSize ? 0 : embedded,
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["do_layer_norm_before"] = config.NormPlacement == NormPlacement.Pre;
        json["word_embed_proj_dim"] = config.EmbeddingSize > 0 ? config.EmbeddingSize : config.HiddenSize;
        json["_remove_final_layer_norm"] = config.NormPlacement == NormPlacement.Pre && !config.FinalNorm;
    }
}
