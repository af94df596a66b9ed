namespace Moiety.Testing.Families;

/// <summary>Llama and the dense families of its time.</summary>
internal static class DenseFamilyCases
{
    // What llama.cpp's fast GELU costs: it looks the function up in a table of half precision. Largest seen: 3e-4.
    private const double TableOfGelu = 6e-4;

    private const string Rms = "\"rms_norm_eps\": 1e-05, \"hidden_act\": \"silu\"";

    public static IEnumerable<FamilyCase> All =>
    [
        new("llama", FamilyCases.Llama("llama", $"{Rms}, \"rope_theta\": 10000.0, \"tie_word_embeddings\": false, \"attention_bias\": false, \"mlp_bias\": false, \"pretraining_tp\": 1")),
        new("llama, biases", FamilyCases.Llama("llama", $"{Rms}, \"attention_bias\": true, \"mlp_bias\": true")),
        new("llama, tied, wide heads", FamilyCases.Llama("llama", $"{Rms}, \"tie_word_embeddings\": true, \"head_dim\": 32")),
        new("llama, rope llama3", FamilyCases.Llama("llama", $$"""
            {{Rms}}, "rope_theta": 500000.0, "head_dim": 32,
            "rope_scaling": { "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32, "rope_type": "llama3" }
            """)),
        new("llama, rope linear", FamilyCases.Llama("llama", $$"""{{Rms}}, "rope_scaling": { "type": "linear", "factor": 4.0 }""")),
        new("llama, rope yarn", FamilyCases.Llama("llama", $$"""
            {{Rms}}, "head_dim": 32, "rope_scaling": { "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32 }
            """)),
        new("llama, rope yarn, attention factor", FamilyCases.Llama("llama", $$"""
            {{Rms}}, "head_dim": 32, "rope_scaling": { "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16, "attention_factor": 0.9 }
            """)),
        new("mistral", FamilyCases.Llama("mistral", $"{Rms}, \"rope_theta\": 1000000.0, \"head_dim\": 32, \"sliding_window\": null, \"tie_word_embeddings\": false")),
        new("mistral, window", FamilyCases.Llama("mistral", $"{Rms}, \"sliding_window\": 24")) { Length = 24 },
        new("qwen2", FamilyCases.Llama("qwen2", $"{Rms}, \"rope_theta\": 1000000.0, \"use_sliding_window\": false, \"sliding_window\": 32768, \"max_window_layers\": 21, \"tie_word_embeddings\": true")),
        new("qwen2, rope yarn", FamilyCases.Llama("qwen2", $$"""
            {{Rms}}, "tie_word_embeddings": false, "rope_scaling": { "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32 }
            """)),
        new("qwen3", FamilyCases.Llama("qwen3", $"{Rms}, \"rope_theta\": 1000000, \"head_dim\": 32, \"attention_bias\": false, \"use_sliding_window\": false, \"sliding_window\": null, \"max_window_layers\": 28, \"tie_word_embeddings\": true")),
        new("qwen3, rope yarn", FamilyCases.Llama("qwen3", $$"""
            {{Rms}}, "head_dim": 32, "tie_word_embeddings": false, "rope_scaling": { "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32 }
            """)),
        new("smollm3", FamilyCases.Llama("smollm3", $"{Rms}, \"rope_theta\": 5000000.0, \"no_rope_layer_interval\": 4, \"no_rope_layers\": [1, 1, 1, 0, 1], \"use_sliding_window\": false, \"attention_bias\": false, \"mlp_bias\": false, \"tie_word_embeddings\": true", layers: 5)),
        new("olmo", FamilyCases.Llama("olmo", "\"hidden_act\": \"silu\", \"clip_qkv\": null, \"attention_bias\": false, \"tie_word_embeddings\": false")),
        new("olmo, clip", FamilyCases.Llama("olmo", "\"hidden_act\": \"silu\", \"clip_qkv\": 1.25, \"tie_word_embeddings\": true")),
        new("olmo2", FamilyCases.Llama("olmo2", $"{Rms}, \"rope_theta\": 500000, \"attention_bias\": false, \"tie_word_embeddings\": false")),
        new("olmo3", FamilyCases.Llama("olmo3", $$"""
            {{Rms}}, "sliding_window": 16, "attention_bias": false, "tie_word_embeddings": false,
            "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
            "rope_scaling": { "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 32, "attention_factor": 1.2079441541679836, "beta_fast": 32, "beta_slow": 1 }
            """, layers: 5)),
        new("phi3", FamilyCases.Llama("phi3", $"{Rms}, \"sliding_window\": null, \"rope_scaling\": null, \"original_max_position_embeddings\": 256, \"resid_pdrop\": 0.0, \"tie_word_embeddings\": false", keyValueHeads: 4)),
        new("phi3, window", FamilyCases.Llama("phi3", $"{Rms}, \"sliding_window\": 24, \"original_max_position_embeddings\": 256")) { Length = 24 },
        new("phi3, longrope, short", LongRope()) { OracleContext = 32, Length = 30 },
        new("phi3, longrope, long", LongRope()),
        new("phi3, partial rotary", FamilyCases.Llama("phi3", $"{Rms}, \"partial_rotary_factor\": 0.75, \"original_max_position_embeddings\": 256, \"tie_word_embeddings\": true")),
        new("gemma", FamilyCases.Llama("gemma", "\"rms_norm_eps\": 1e-06, \"head_dim\": 32, \"hidden_act\": \"gelu\", \"hidden_activation\": null, \"rope_theta\": 10000.0", keyValueHeads: 1)) { Bound = TableOfGelu },
        new("gemma2", FamilyCases.Llama("gemma2", """
            "rms_norm_eps": 1e-06, "head_dim": 32, "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 16,
            "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0, "query_pre_attn_scalar": 32, "cache_implementation": "hybrid", "rope_theta": 10000.0
            """, layers: 4)) { Bound = TableOfGelu },
        new("gemma3", FamilyCases.Llama("gemma3_text", """
            "rms_norm_eps": 1e-06, "head_dim": 32, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 16, "sliding_window_pattern": 6,
            "attn_logit_softcapping": null, "final_logit_softcapping": null, "query_pre_attn_scalar": 32, "rope_theta": 1000000, "rope_local_base_freq": 10000,
            "rope_scaling": { "factor": 8.0, "rope_type": "linear" }
            """, layers: 7)) { Bound = TableOfGelu },
        new("granite", FamilyCases.Llama("granite", $"{Rms}, \"embedding_multiplier\": 12.0, \"residual_multiplier\": 0.22, \"attention_multiplier\": 0.0875, \"logits_scaling\": 6.0, \"attention_bias\": false, \"mlp_bias\": false, \"rope_theta\": 10000000.0, \"tie_word_embeddings\": true")),
        new("cohere", FamilyCases.Llama("cohere", "\"layer_norm_eps\": 1e-05, \"hidden_act\": \"silu\", \"logit_scale\": 0.0625, \"use_qk_norm\": false, \"rope_theta\": 8000000.0, \"attention_bias\": false")),
        // llama.cpp looks for these norms in models of 64 layers and more only.
        new("cohere, norms of queries and keys", FamilyCases.Llama("cohere", "\"layer_norm_eps\": 1e-05, \"hidden_act\": \"silu\", \"logit_scale\": 0.8333, \"use_qk_norm\": true", layers: 64)),
        new("cohere2", FamilyCases.Llama("cohere2", """
            "layer_norm_eps": 1e-05, "hidden_act": "silu", "logit_scale": 0.25, "head_dim": 16, "sliding_window": 16, "sliding_window_pattern": 4, "rope_theta": 50000,
            "order_of_interleaved_layers": "local_attn_first", "position_embedding_type": "rope_gptj", "rotary_pct": 1.0, "use_embedding_sharing": true,
            "use_gated_activation": true, "use_parallel_block": true, "use_parallel_embedding": true, "layer_switch": 4
            """, layers: 5)),
        new("nemotron", FamilyCases.Llama("nemotron", "\"norm_eps\": 1e-05, \"hidden_act\": \"relu2\", \"partial_rotary_factor\": 0.5, \"head_dim\": 16, \"attention_bias\": false, \"mlp_bias\": false, \"tie_word_embeddings\": false")),
        new("glm4", FamilyCases.Llama("glm4", $"{Rms}, \"attention_bias\": true, \"partial_rotary_factor\": 0.5, \"head_dim\": 16, \"tie_word_embeddings\": false")),
        new("ernie4_5", FamilyCases.Llama("ernie4_5", $"{Rms}, \"use_bias\": false, \"head_dim\": 32, \"rope_theta\": 500000.0, \"tie_word_embeddings\": true")),
    ];

    // 8 rotated pairs; the original context is shorter than the text that is compared.
    private static string LongRope() => FamilyCases.Llama("phi3", $$"""
        {{Rms}}, "sliding_window": null, "original_max_position_embeddings": 32, "tie_word_embeddings": false,
        "rope_scaling": {
          "type": "longrope", "short_factor": [1.0, 1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 2.5], "long_factor": [1.0, 1.3, 2.0, 4.5, 7.0, 9.5, 12.0, 16.0]
        }
        """);
}
