namespace Moiety.Models.Configuration;

/// <summary>
/// Canonical tensor names: the Hugging Face names, which every family maps its own onto. The trainer exports them, the
/// engine asks for them. Projections are [out, in], row-major.
/// </summary>
public static class TensorNames
{
    /// <summary>[vocabulary, hidden].</summary>
    public const string Embedding = "model.embed_tokens.weight";

    /// <summary>[hidden].</summary>
    public const string FinalNorm = "model.norm.weight";

    /// <summary>[vocabulary, hidden]; absent when embeddings are tied.</summary>
    public const string Head = "lm_head.weight";

    /// <summary>[hidden]: the norm before attention.</summary>
    public static string AttentionNorm(int layer) => $"model.layers.{layer}.input_layernorm.weight";

    /// <summary>[heads * head size, hidden].</summary>
    public static string Query(int layer) => $"model.layers.{layer}.self_attn.q_proj.weight";

    /// <summary>[key-value heads * head size, hidden].</summary>
    public static string Key(int layer) => $"model.layers.{layer}.self_attn.k_proj.weight";

    /// <summary>[key-value heads * head size, hidden].</summary>
    public static string Value(int layer) => $"model.layers.{layer}.self_attn.v_proj.weight";

    /// <summary>[hidden, heads * head size].</summary>
    public static string AttentionOutput(int layer) => $"model.layers.{layer}.self_attn.o_proj.weight";

    /// <summary>[hidden]: the norm before the feed-forward.</summary>
    public static string FeedForwardNorm(int layer) => $"model.layers.{layer}.post_attention_layernorm.weight";

    /// <summary>[intermediate, hidden] of a dense layer.</summary>
    public static string Gate(int layer) => $"model.layers.{layer}.mlp.gate_proj.weight";

    /// <summary>[intermediate, hidden] of a dense layer.</summary>
    public static string Up(int layer) => $"model.layers.{layer}.mlp.up_proj.weight";

    /// <summary>[hidden, intermediate] of a dense layer.</summary>
    public static string Down(int layer) => $"model.layers.{layer}.mlp.down_proj.weight";

    /// <summary>[experts, hidden], always F32: routing flips are discontinuous.</summary>
    public static string Router(int layer) => $"model.layers.{layer}.mlp.gate.weight";

    /// <summary>[expert intermediate, hidden].</summary>
    public static string ExpertGate(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.gate_proj.weight";

    /// <summary>[expert intermediate, hidden].</summary>
    public static string ExpertUp(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.up_proj.weight";

    /// <summary>[hidden, expert intermediate].</summary>
    public static string ExpertDown(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.down_proj.weight";

    /// <summary>[intermediate, hidden]: the fixed MLP beside the experts.</summary>
    public static string ResidualGate(int layer) => $"model.layers.{layer}.mlp.residual.gate_proj.weight";

    /// <summary>[intermediate, hidden]: the fixed MLP beside the experts.</summary>
    public static string ResidualUp(int layer) => $"model.layers.{layer}.mlp.residual.up_proj.weight";

    /// <summary>[hidden, intermediate]: the fixed MLP beside the experts.</summary>
    public static string ResidualDown(int layer) => $"model.layers.{layer}.mlp.residual.down_proj.weight";

    /// <summary>[2, hidden]: row 0 weighs the experts, row 1 the fixed MLP.</summary>
    public static string Coefficient(int layer) => $"model.layers.{layer}.mlp.coefficient.weight";

    /// <summary>[2].</summary>
    public static string CoefficientBias(int layer) => $"model.layers.{layer}.mlp.coefficient.bias";

    /// <summary>Learned positions, [positions, hidden].</summary>
    public const string PositionEmbedding = "model.embed_positions.weight";

    /// <summary>Token types (segments) of encoders, [types, hidden].</summary>
    public const string TokenTypeEmbedding = "model.embed_token_types.weight";

    /// <summary>Norm after the embedding, [hidden].</summary>
    public const string EmbeddingNorm = "model.embed_norm.weight";

    /// <summary>Its bias, [hidden].</summary>
    public const string EmbeddingNormBias = "model.embed_norm.bias";

    /// <summary>From the embedding's width to the residual stream's, [hidden, embedding size].</summary>
    public const string EmbeddingProjection = "model.project_in.weight";

    /// <summary>From the residual stream's width to the embedding's, [embedding size, hidden].</summary>
    public const string HeadProjection = "model.project_out.weight";

    /// <summary>Bias of the norm after the last layer, [hidden].</summary>
    public const string FinalNormBias = "model.norm.bias";

    /// <summary>Bias of the output head, [vocabulary].</summary>
    public const string HeadBias = "lm_head.bias";

    /// <summary>Bias of the norm before attention, [hidden].</summary>
    public static string AttentionNormBias(int layer) => $"model.layers.{layer}.input_layernorm.bias";

    /// <summary>[heads * head size].</summary>
    public static string QueryBias(int layer) => $"model.layers.{layer}.self_attn.q_proj.bias";

    /// <summary>[key-value heads * head size].</summary>
    public static string KeyBias(int layer) => $"model.layers.{layer}.self_attn.k_proj.bias";

    /// <summary>[key-value heads * head size].</summary>
    public static string ValueBias(int layer) => $"model.layers.{layer}.self_attn.v_proj.bias";

    /// <summary>[hidden].</summary>
    public static string AttentionOutputBias(int layer) => $"model.layers.{layer}.self_attn.o_proj.bias";

    /// <summary>Norm on queries, [head size] or [heads * head size].</summary>
    public static string QueryNorm(int layer) => $"model.layers.{layer}.self_attn.q_norm.weight";

    /// <summary>Norm on keys, [head size] or [key-value heads * head size].</summary>
    public static string KeyNorm(int layer) => $"model.layers.{layer}.self_attn.k_norm.weight";

    /// <summary>One logit per head, [heads].</summary>
    public static string AttentionSinks(int layer) => $"model.layers.{layer}.self_attn.sinks";

    /// <summary>Norm on the output of attention, [hidden].</summary>
    public static string AttentionOutputNorm(int layer) => $"model.layers.{layer}.post_self_attn_layernorm.weight";

    /// <summary>Latent attention: compresses the query, [query rank, hidden].</summary>
    public static string QueryDown(int layer) => $"model.layers.{layer}.self_attn.q_a_proj.weight";

    /// <summary>Latent attention: norm of the compressed query, [query rank].</summary>
    public static string QueryDownNorm(int layer) => $"model.layers.{layer}.self_attn.q_a_layernorm.weight";

    /// <summary>Latent attention: compresses keys and values, and gives the rotary key, [key-value rank + rotary head size, hidden].</summary>
    public static string KeyValueDown(int layer) => $"model.layers.{layer}.self_attn.kv_a_proj_with_mqa.weight";

    /// <summary>Latent attention: norm of the compressed keys and values, [key-value rank].</summary>
    public static string KeyValueDownNorm(int layer) => $"model.layers.{layer}.self_attn.kv_a_layernorm.weight";

    /// <summary>Latent attention: for each head its plain key rows, then its value rows, [heads * (plain head size + value head size), key-value rank].</summary>
    public static string KeyValueUp(int layer) => $"model.layers.{layer}.self_attn.kv_b_proj.weight";

    /// <summary>Bias of the norm before the feed-forward, [hidden].</summary>
    public static string FeedForwardNormBias(int layer) => $"model.layers.{layer}.post_attention_layernorm.bias";

    /// <summary>Norm on the output of the feed-forward, [hidden].</summary>
    public static string FeedForwardOutputNorm(int layer) => $"model.layers.{layer}.post_feedforward_layernorm.weight";

    /// <summary>[intermediate].</summary>
    public static string GateBias(int layer) => $"model.layers.{layer}.mlp.gate_proj.bias";

    /// <summary>[intermediate].</summary>
    public static string UpBias(int layer) => $"model.layers.{layer}.mlp.up_proj.bias";

    /// <summary>[hidden].</summary>
    public static string DownBias(int layer) => $"model.layers.{layer}.mlp.down_proj.bias";

    /// <summary>Bias of the router, [experts].</summary>
    public static string RouterBias(int layer) => $"model.layers.{layer}.mlp.gate.bias";

    /// <summary>Bias for the choice of experts only, [experts].</summary>
    public static string SelectionBias(int layer) => $"model.layers.{layer}.mlp.gate.e_score_correction_bias";

    /// <summary>Hash routing: the expert of each token id, a whole number, [vocabulary]; always F32.</summary>
    public static string ExpertTable(int layer) => $"model.layers.{layer}.mlp.gate.expert_of_token";

    /// <summary>[expert intermediate].</summary>
    public static string ExpertGateBias(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.gate_proj.bias";

    /// <summary>[expert intermediate].</summary>
    public static string ExpertUpBias(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.up_proj.bias";

    /// <summary>[hidden].</summary>
    public static string ExpertDownBias(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.down_proj.bias";

    /// <summary>Gate projection of the shared experts, [shared intermediate, hidden].</summary>
    public static string SharedGate(int layer) => $"model.layers.{layer}.mlp.shared_expert.gate_proj.weight";

    /// <summary>Up projection of the shared experts, [shared intermediate, hidden].</summary>
    public static string SharedUp(int layer) => $"model.layers.{layer}.mlp.shared_expert.up_proj.weight";

    /// <summary>Down projection of the shared experts, [hidden, shared intermediate].</summary>
    public static string SharedDown(int layer) => $"model.layers.{layer}.mlp.shared_expert.down_proj.weight";

    /// <summary>What a sigmoid turns into the weight of the shared experts, [1, hidden].</summary>
    public static string SharedWeight(int layer) => $"model.layers.{layer}.mlp.shared_expert_gate.weight";

    /// <summary>What each head adds to its scores, by bucket of distance, [buckets, heads].</summary>
    public const string RelativeBias = "model.relative_attention_bias.weight";

    /// <summary>Disentangled attention: embedding of relative positions, [2 * span, hidden].</summary>
    public const string RelativeEmbedding = "model.rel_embeddings.weight";

    /// <summary>Disentangled attention: norm of that embedding, [hidden].</summary>
    public const string RelativeEmbeddingNorm = "model.rel_embeddings_norm.weight";

    /// <summary>[hidden].</summary>
    public const string RelativeEmbeddingNormBias = "model.rel_embeddings_norm.bias";

    /// <summary>Disentangled attention: key projection of relative positions, [heads * head size, hidden].</summary>
    public static string RelativeKey(int layer) => $"model.layers.{layer}.self_attn.pos_key_proj.weight";

    /// <summary>[heads * head size].</summary>
    public static string RelativeKeyBias(int layer) => $"model.layers.{layer}.self_attn.pos_key_proj.bias";

    /// <summary>Disentangled attention: query projection of relative positions, [heads * head size, hidden].</summary>
    public static string RelativeQuery(int layer) => $"model.layers.{layer}.self_attn.pos_query_proj.weight";

    /// <summary>[heads * head size].</summary>
    public static string RelativeQueryBias(int layer) => $"model.layers.{layer}.self_attn.pos_query_proj.bias";

    /// <summary>Convolution over the embedding, [hidden * hidden, kernel]: a row holds the taps of one element of the product.</summary>
    public const string Convolution = "model.conv.weight";

    /// <summary>[hidden].</summary>
    public const string ConvolutionBias = "model.conv.bias";

    /// <summary>Norm after the convolution joined the residual stream, [hidden].</summary>
    public const string ConvolutionNorm = "model.conv_norm.weight";

    /// <summary>[hidden].</summary>
    public const string ConvolutionNormBias = "model.conv_norm.bias";

    /// <summary>Classifier: what the first token's state goes through before the activation, [hidden, hidden].</summary>
    public const string ClassifierDense = "classifier.dense.weight";

    /// <summary>[hidden].</summary>
    public const string ClassifierDenseBias = "classifier.dense.bias";

    /// <summary>Classifier: from the activated state to the logits, [labels, hidden].</summary>
    public const string ClassifierOutput = "classifier.out_proj.weight";

    /// <summary>[labels].</summary>
    public const string ClassifierOutputBias = "classifier.out_proj.bias";
}
