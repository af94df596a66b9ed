namespace Moiety.Testing.Families;

/// <summary>Families with experts.</summary>
internal static class MixtureFamilyCases
{
    private const string Rms = "\"rms_norm_eps\": 1e-05, \"hidden_act\": \"silu\"";

    private const string Latent = "\"kv_lora_rank\": 32, \"qk_nope_head_dim\": 16, \"qk_rope_head_dim\": 8, \"v_head_dim\": 12";

    private const string Granite = "\"embedding_multiplier\": 12.0, \"residual_multiplier\": 0.22, \"attention_multiplier\": 0.0875, \"logits_scaling\": 6.0, \"attention_bias\": false";

    public static IEnumerable<FamilyCase> All =>
    [
        new("mixtral", FamilyCases.Llama("mixtral", $"{Rms}, \"num_local_experts\": 8, \"num_experts_per_tok\": 2, \"rope_theta\": 1000000.0, \"sliding_window\": null, \"router_aux_loss_coef\": 0.02, \"output_router_logits\": false, \"tie_word_embeddings\": false")),
        new("qwen2_moe", FamilyCases.Llama("qwen2_moe", $$"""
            {{Rms}}, "num_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 64, "norm_topk_prob": false,
            "decoder_sparse_step": 1, "mlp_only_layers": [], "use_sliding_window": false, "sliding_window": null, "max_window_layers": 28, "output_router_logits": false,
            "router_aux_loss_coef": 0.001, "rope_theta": 1000000.0, "tie_word_embeddings": false
            """)),
        new("qwen3_moe", FamilyCases.Llama("qwen3_moe", $$"""
            {{Rms}}, "head_dim": 32, "num_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 32, "norm_topk_prob": true, "decoder_sparse_step": 1,
            "mlp_only_layers": [], "use_sliding_window": false, "sliding_window": null, "max_window_layers": 48, "attention_bias": false, "rope_theta": 1000000.0, "tie_word_embeddings": false
            """)),
        new("olmoe", FamilyCases.Llama("olmoe", $"{Rms}, \"num_experts\": 8, \"num_experts_per_tok\": 3, \"norm_topk_prob\": false, \"clip_qkv\": null, \"attention_bias\": false, \"router_aux_loss_coef\": 0.01, \"tie_word_embeddings\": false", keyValueHeads: 4).Replace("\"intermediate_size\": 96", "\"intermediate_size\": 32", StringComparison.Ordinal)),
        new("deepseek", FamilyCases.Llama("deepseek", $"{Rms}, \"n_routed_experts\": 8, \"n_shared_experts\": 2, \"num_experts_per_tok\": 3, \"moe_intermediate_size\": 32, \"first_k_dense_replace\": 1, \"moe_layer_freq\": 1, \"norm_topk_prob\": false, \"scoring_func\": \"softmax\", \"aux_loss_alpha\": 0.001, \"seq_aux\": true, \"attention_bias\": false, \"tie_word_embeddings\": false", layers: 3, keyValueHeads: 4)),

        // llama.cpp takes a model for a "lite" one, whose queries are not compressed, by its 27 layers.
        new("deepseek_v2, lite", FamilyCases.Llama("deepseek_v2", $$"""
            {{Rms}}, "q_lora_rank": null, {{Latent}}, "n_routed_experts": 8, "n_shared_experts": 2, "num_experts_per_tok": 3, "moe_intermediate_size": 32,
            "first_k_dense_replace": 1, "moe_layer_freq": 1, "n_group": 1, "topk_group": 1, "topk_method": "greedy", "norm_topk_prob": false, "scoring_func": "softmax",
            "routed_scaling_factor": 1.0, "aux_loss_alpha": 0.001, "seq_aux": true, "ep_size": 1, "attention_bias": false, "tie_word_embeddings": false,
            "rope_scaling": { "beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707, "original_max_position_embeddings": 32, "type": "yarn" }
            """, layers: 27, keyValueHeads: 4)),
        new("deepseek_v2", FamilyCases.Llama("deepseek_v2", $$"""
            {{Rms}}, "q_lora_rank": 24, {{Latent}}, "n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 3, "moe_intermediate_size": 32,
            "first_k_dense_replace": 1, "topk_method": "greedy", "norm_topk_prob": false, "scoring_func": "softmax", "routed_scaling_factor": 4.0, "tie_word_embeddings": false
            """, layers: 3, keyValueHeads: 4)),
        new("deepseek_v3", FamilyCases.Llama("deepseek_v3", $$"""
            {{Rms}}, "q_lora_rank": 24, {{Latent}}, "n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 3, "moe_intermediate_size": 32,
            "first_k_dense_replace": 1, "n_group": 4, "topk_group": 2, "topk_method": "noaux_tc", "norm_topk_prob": true, "scoring_func": "sigmoid",
            "routed_scaling_factor": 2.5, "num_nextn_predict_layers": 1, "ep_size": 1, "moe_layer_freq": 1, "attention_bias": false, "tie_word_embeddings": false,
            "rope_scaling": { "beta_fast": 32, "beta_slow": 1, "factor": 8, "mscale": 1.0, "mscale_all_dim": 1.0, "original_max_position_embeddings": 32, "type": "yarn" }
            """, layers: 3, keyValueHeads: 4)),
        new("deepseek_v3, no query rank, no groups", FamilyCases.Llama("deepseek_v3", $$"""
            {{Rms}}, "q_lora_rank": null, {{Latent}}, "n_routed_experts": 8, "n_shared_experts": 2, "num_experts_per_tok": 3, "moe_intermediate_size": 32,
            "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1, "topk_method": "noaux_tc", "norm_topk_prob": true, "scoring_func": "sigmoid",
            "routed_scaling_factor": 2.446, "tie_word_embeddings": false
            """, layers: 27, keyValueHeads: 4)),
        new("gpt_oss", FamilyCases.Llama("gpt_oss", $$"""
            {{Rms}}, "head_dim": 32, "num_local_experts": 8, "num_experts_per_tok": 3, "experts_per_token": 3, "attention_bias": true, "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "swiglu_limit": 7.0, "initial_context_length": 32, "router_aux_loss_coef": 0.9,
            "output_router_logits": false, "rope_theta": 150000, "tie_word_embeddings": false, "rope_scaling": null
            """, layers: 3).Replace("\"intermediate_size\": 96", "\"intermediate_size\": 32", StringComparison.Ordinal)),

        // The published models do not round the ends of the ramp, which llama.cpp does.
        new("gpt_oss, rope yarn", FamilyCases.Llama("gpt_oss", $$"""
            {{Rms}}, "head_dim": 32, "num_local_experts": 8, "num_experts_per_tok": 3, "attention_bias": true, "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention"], "swiglu_limit": 7.0, "rope_theta": 150000, "tie_word_embeddings": false,
            "rope_scaling": { "beta_fast": 32.0, "beta_slow": 1.0, "factor": 8.0, "original_max_position_embeddings": 32, "rope_type": "yarn", "truncate": true }
            """)),
        new("phimoe", FamilyCases.Llama("phimoe", $"{Rms}, \"num_local_experts\": 8, \"num_experts_per_tok\": 2, \"attention_bias\": true, \"lm_head_bias\": true, \"router_jitter_noise\": 0.01, \"input_jitter_noise\": 0.01, \"original_max_position_embeddings\": 256, \"sliding_window\": null, \"tie_word_embeddings\": false")) { Oracle = FamilyOracle.Transformers },
        new("granitemoe", FamilyCases.Llama("granitemoe", $"{Rms}, {Granite}, \"num_local_experts\": 8, \"num_experts_per_tok\": 3, \"tie_word_embeddings\": true")),
        new("granitemoeshared", FamilyCases.Llama("granitemoeshared", $"{Rms}, {Granite}, \"num_local_experts\": 8, \"num_experts_per_tok\": 3, \"shared_intermediate_size\": 64, \"tie_word_embeddings\": true")),
        new("glm4_moe", FamilyCases.Llama("glm4_moe", $$"""
            {{Rms}}, "head_dim": 32, "partial_rotary_factor": 0.5, "attention_bias": true, "use_qk_norm": true, "n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 3,
            "moe_intermediate_size": 32, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1, "norm_topk_prob": true, "routed_scaling_factor": 2.5,
            "num_nextn_predict_layers": 1, "rope_theta": 1000000, "tie_word_embeddings": false
            """, layers: 3)),
        new("glm4_moe, without norms of queries and keys", FamilyCases.Llama("glm4_moe", $$"""
            {{Rms}}, "head_dim": 32, "partial_rotary_factor": 0.5, "attention_bias": true, "use_qk_norm": false, "n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 3,
            "moe_intermediate_size": 32, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1, "norm_topk_prob": true, "routed_scaling_factor": 1.0,
            "num_nextn_predict_layers": 1, "rope_theta": 1000000, "rope_scaling": null, "tie_word_embeddings": false
            """, layers: 3)),
        new("ernie4_5_moe", FamilyCases.Llama("ernie4_5_moe", $$"""
            {{Rms}}, "moe_num_experts": 8, "moe_k": 3, "moe_intermediate_size": 32, "moe_num_shared_experts": 2, "moe_layer_start_index": 1, "moe_layer_end_index": 2,
            "moe_layer_interval": 1, "moe_use_aux_free": true, "moe_norm_min": 1e-12, "moe_capacity": [8, 8, 8], "use_bias": false, "rope_theta": 500000.0, "tie_word_embeddings": true
            """, layers: 3)),
        new("megatron_moe", """
            {
              "model_type": "megatron_moe", "vocab_size": 320, "hidden_size": 64, "num_layers": 4, "num_attention_heads": 4, "ffn_hidden_size": 96,
              "max_position_embeddings": 128, "layernorm_epsilon": 1e-05, "num_experts": [2, 4], "expert_interval": 2, "topk": 1, "mlp_type": "standard",
              "bias_gelu_fusion": true, "checkpoint_version": 3.0
            }
            """) { Oracle = FamilyOracle.Transformers },
    ];
}
