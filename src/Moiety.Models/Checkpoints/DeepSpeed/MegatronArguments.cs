using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints.PyTorch;

namespace Moiety.Models.Checkpoints.DeepSpeed;

/// <summary>The command line of Megatron-LM that a training state holds, as the <c>config.json</c> of the family <c>megatron_moe</c>.</summary>
internal static class MegatronArguments
{
    // Of some three hundred arguments those that say what the forward pass computes.
    private static readonly string[] Names =
    [
        "num_layers", "hidden_size", "num_attention_heads", "num_key_value_heads", "kv_channels", "ffn_hidden_size", "max_position_embeddings", "layernorm_epsilon",
        "num_experts", "expert_interval", "topk", "mlp_type", "openai_gelu", "bias_gelu_fusion", "apply_residual_connection_post_layernorm",
        "untie_embeddings_and_output_weights", "swiglu", "squared_relu", "normalization", "use_rotary_position_embeddings", "add_bias_linear",
        "add_position_embedding", "embed_layernorm", "apply_layernorm_1p", "window_size",
    ];

    /// <summary>The settings, or null when the state has no command line.</summary>
    public static JsonObject? Find(PickleDictionary? training)
    {
        if ((Value(training, "args") as PickleObject)?.Attributes is not { } arguments)
        {
            return null;
        }

        JsonObject json = new() { ["model_type"] = "megatron_moe", ["vocab_size"] = ToJson(Value(arguments, "padded_vocab_size")) };
        json["checkpoint_version"] = ToJson(Value(training, "checkpoint_version"));
        foreach (string name in Names)
        {
            json[name] = ToJson(Value(arguments, name));
        }

        return json;
    }

    private static object? Value(PickleDictionary? dictionary, string key) => dictionary?.Pairs.Find(pair => key.Equals(pair.Key)).Value;

    private static JsonNode? ToJson(object? value) => value switch
    {
        bool flag => JsonValue.Create(flag),
        long number => JsonValue.Create(number),
        double number when double.IsFinite(number) => JsonValue.Create(number),
        string text => JsonValue.Create(text),
        List<object?> list => new JsonArray([.. list.Where(item => item is not List<object?>).Select(ToJson)]),
        _ => null,
    };
}
