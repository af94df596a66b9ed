namespace Moiety.Testing.Families;

/// <summary>Families with experts.</summary>
internal static class MixtureFamilyCases
{
    private const string Rms = "\"rms_norm_eps\": 1e-05, \"hidden_act\": \"silu\"";

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
        new("megatron_moe", """
            {
              "model_type": "megatron_moe", "vocab_size": 320, "hidden_size": 64, "num_layers": 4, "num_attention_heads": 4, "ffn_hidden_size": 96,
              "max_position_embeddings": 128, "layernorm_epsilon": 1e-05, "num_experts": [2, 4], "expert_interval": 2, "topk": 1, "mlp_type": "standard",
              "bias_gelu_fusion": true, "checkpoint_version": 3.0
            }
            """) { Oracle = FamilyOracle.Transformers },
    ];
}
