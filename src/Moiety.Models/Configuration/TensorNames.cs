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
}
