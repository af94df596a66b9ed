using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// The Mixture-of-Experts that Megatron-DeepSpeed trains (DeepSpeed-MoE, arXiv 2201.05596; Switch gating, arXiv 2101.03961): GPT-2 with
/// experts in every n-th layer, top-1 with the weight of the softmax, or top-2 with weights that are divided by their sum. Settings are
/// named as on Megatron's command line.
/// </summary>
internal sealed class MegatronMoeFamily : DecoderFamily
{
    private const string Experts = "num_experts";
    private const string Interval = "expert_interval";
    private const string TopK = "topk";
    private const string Layer = "language_model.encoder.layers.{layer}.";
    private const string Expert = Layer + "mlp.deepspeed_moe.experts.deepspeed_experts.{expert}.";

    /// <inheritdoc/>
    public override string Name => "megatron_moe";

    /// <inheritdoc/>
    public override string Models => "checkpoints of Megatron-DeepSpeed";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "MegatronMoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "megatron_moe";

    /// <inheritdoc/>
    public override bool HasGguf => false;

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation(Layer + "self_attention.query_key_value.weight").Fused(RowGroups.KeyValueHeads, TensorRole.Query, TensorRole.Key, TensorRole.Value))
        .WithFused(new TensorLocation(Layer + "self_attention.query_key_value.bias").Fused(RowGroups.KeyValueHeads, TensorRole.QueryBias, TensorRole.KeyBias, TensorRole.ValueBias))
        .With(
            (TensorRole.Embedding, "language_model.embedding.word_embeddings.weight"),
            (TensorRole.PositionEmbedding, "language_model.embedding.position_embeddings.weight"),
            (TensorRole.AttentionNorm, Layer + "input_layernorm.weight"),
            (TensorRole.AttentionNormBias, Layer + "input_layernorm.bias"),
            (TensorRole.AttentionOutput, Layer + "self_attention.dense.weight"),
            (TensorRole.AttentionOutputBias, Layer + "self_attention.dense.bias"),
            (TensorRole.FeedForwardNorm, Layer + "post_attention_layernorm.weight"),
            (TensorRole.FeedForwardNormBias, Layer + "post_attention_layernorm.bias"),
            (TensorRole.Up, Layer + "mlp.dense_h_to_4h.weight"),
            (TensorRole.UpBias, Layer + "mlp.dense_h_to_4h.bias"),
            (TensorRole.Down, Layer + "mlp.dense_4h_to_h.weight"),
            (TensorRole.DownBias, Layer + "mlp.dense_4h_to_h.bias"),
            (TensorRole.Router, Layer + "mlp.deepspeed_moe.gate.wg.weight"),
            (TensorRole.ExpertUp, Expert + "dense_h_to_4h.weight"),
            (TensorRole.ExpertUpBias, Expert + "dense_h_to_4h.bias"),
            (TensorRole.ExpertDown, Expert + "dense_4h_to_h.weight"),
            (TensorRole.ExpertDownBias, Expert + "dense_4h_to_h.bias"),
            (TensorRole.FinalNorm, "language_model.encoder.final_layernorm.weight"),
            (TensorRole.FinalNormBias, "language_model.encoder.final_layernorm.bias"))
        .WithRoots("language_model.encoder.", "language_model.transformer.");

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with
    {
        Layers = ["num_layers"],
        KeyValueHeads = [],
        HeadSize = [],
        Intermediate = ["ffn_hidden_size"],
        Epsilon = ["layernorm_epsilon"],
        Activation = [],
        Theta = [],
    };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true, IntermediateFactor = 4 };

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

    // Megatron fuses bias and GELU into a kernel that approximates it by tanh, unless it is told not to.
    /// <inheritdoc/>
    protected override Activation ReadActivation(ConfigFields fields)
    {
        bool fused = fields.Boolean("bias_gelu_fusion") ?? true;
        return (fields.Boolean("openai_gelu") ?? false) || fused ? Activation.GeluTanh : Activation.Gelu;
    }

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden)
    {
        FeedForwardConfig dense = ReadDense(fields, hidden);
        int interval = fields.Int32(Interval) ?? 2;
        if (interval < 1 || interval > layers)
        {
            throw fields.Error(Interval, $"{interval} is not between 1 and the {layers} layers");
        }

        // Megatron's list has one number for each layer with experts, or one for all.
        ImmutableArray<int> given = fields.Int32List(Experts) ?? [1];
        int count = layers / interval;
        if (given.Length != 1 && given.Length != count)
        {
            throw fields.Error(Experts, $"the list has {given.Length} entries, 1 or {count} are needed");
        }

        int topK = fields.Int32(TopK) ?? 1;
        if (topK is not (1 or 2))
        {
            throw fields.Error(TopK, $"{topK} is not supported; 1 and 2 are");
        }

        return [.. Enumerable.Range(1, layers).Select(layer =>
        {
            int experts = layer % interval == 0 ? given[given.Length == 1 ? 0 : (layer / interval) - 1] : 1;
            return experts == 1 ? dense : new FeedForwardConfig
            {
                IntermediateSize = 0,
                Activation = dense.Activation,
                Moe = new MoeConfig { ExpertCount = experts, TopK = topK, ExpertIntermediateSize = dense.IntermediateSize, NormalizeTopK = topK == 2, ExpertBias = true },
            };
        })];
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        FeedForwardConfig first = config.FeedForwards[0];
        json[Keys.Intermediate[0]] = first.Moe?.ExpertIntermediateSize ?? first.IntermediateSize;
        json["bias_gelu_fusion"] = first.Activation == Activation.GeluTanh;
        json[Interval] = 1;
        json[Experts] = new JsonArray([.. config.FeedForwards.Select(layer => JsonValue.Create(layer.Moe?.ExpertCount ?? 1))]);
        json[TopK] = config.FeedForwards.FirstOrDefault(layer => layer.Moe is not null)?.Moe?.TopK ?? 1;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // Before version 2 the rows of query, key and value were in another order.
        if (fields.Single("checkpoint_version") is { } version and < 2)
        {
            throw fields.Error("checkpoint_version", FormattableString.Invariant($"{version} is not supported; 2 and later are"));
        }

        fields.Expect("mlp_type", "standard");
        fields.Expect("normalization", "layernorm");
        fields.Expect("add_bias_linear", true);
        fields.Expect("add_position_embedding", true);
        fields.Expect("apply_residual_connection_post_layernorm", false);
        fields.Expect("untie_embeddings_and_output_weights", false);
        fields.Expect("use_rotary_position_embeddings", false);
        fields.Expect("swiglu", false);
        fields.Expect("squared_relu", false);
        fields.Expect("embed_layernorm", false);
        fields.Expect("apply_layernorm_1p", false);
        if (fields.Int32("num_key_value_heads") is { } keyValueHeads && keyValueHeads != config.HeadCount)
        {
            throw fields.Error("num_key_value_heads", $"{keyValueHeads} is not supported; {config.HeadCount}, as many as query heads, is expected");
        }

        if (fields.Int32("kv_channels") is { } headSize && headSize != config.HeadSize)
        {
            throw fields.Error("kv_channels", $"{headSize} is not supported; {config.HeadSize} is expected");
        }

        return config;
    }
}
