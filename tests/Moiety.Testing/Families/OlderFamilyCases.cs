namespace Moiety.Testing.Families;

/// <summary>The GPT line and others with LayerNorm.</summary>
internal static class OlderFamilyCases
{
    // What llama.cpp's fast GELU costs: it looks the function up in a table of half precision. Largest seen: 3e-4.
    private const double TableOfGelu = 6e-4;

    // llama.cpp computes the approximation of GELU by tanh where these models have the exact function. Largest seen: 3e-4.
    private const double OtherGelu = 6e-4;

    private const string Norm = "\"layer_norm_eps\": 1e-05";

    public static IEnumerable<FamilyCase> All =>
    [
        new("gpt2", """
            {
              "model_type": "gpt2", "vocab_size": 320, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 128, "n_ctx": 128, "n_inner": null,
              "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "attn_pdrop": 0.1, "embd_pdrop": 0.1, "resid_pdrop": 0.1, "initializer_range": 0.02,
              "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx": false, "reorder_and_upcast_attn": false, "summary_type": "cls_index",
              "summary_use_proj": true, "task_specific_params": { "text-generation": { "do_sample": true } }, "bos_token_id": 0, "eos_token_id": 0
            }
            """) { Bound = TableOfGelu },
        new("gpt_neox, parallel", FamilyCases.LlamaWithoutGroups("gpt_neox", $"{Norm}, \"hidden_act\": \"gelu\", \"rotary_pct\": 0.25, \"rotary_emb_base\": 10000, \"use_parallel_residual\": true, \"classifier_dropout\": 0.1, \"tie_word_embeddings\": false")) { Bound = OtherGelu },
        new("gpt_neox, one after the other", FamilyCases.LlamaWithoutGroups("gpt_neox", $"{Norm}, \"hidden_act\": \"gelu\", \"rotary_pct\": 1.0, \"rotary_emb_base\": 10000, \"use_parallel_residual\": false, \"tie_word_embeddings\": false")) { Bound = OtherGelu },
        new("gptj", """
            {
              "model_type": "gptj", "vocab_size": 320, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 128, "n_inner": null, "rotary": true, "rotary_dim": 8,
              "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "scale_attn_weights": true, "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": 0
            }
            """) { Oracle = FamilyOracle.Transformers },
        new("opt", FamilyCases.LlamaWithoutGroups("opt", "\"activation_function\": \"relu\", \"do_layer_norm_before\": true, \"word_embed_proj_dim\": 64, \"enable_bias\": true, \"layer_norm_elementwise_affine\": true, \"layerdrop\": 0.0, \"dropout\": 0.1, \"prefix\": \"</s>\"").Replace("intermediate_size", "ffn_dim", StringComparison.Ordinal)) { Oracle = FamilyOracle.Transformers },
        new("opt-350m", FamilyCases.LlamaWithoutGroups("opt", "\"activation_function\": \"relu\", \"do_layer_norm_before\": false, \"word_embed_proj_dim\": 32").Replace("intermediate_size", "ffn_dim", StringComparison.Ordinal)) { Oracle = FamilyOracle.Transformers },
        new("bloom", """
            {
              "model_type": "bloom", "vocab_size": 320, "hidden_size": 64, "n_layer": 3, "n_head": 4, "layer_norm_epsilon": 1e-05, "seq_length": 128,
              "apply_residual_connection_post_layernorm": false, "attention_dropout": 0.0, "hidden_dropout": 0.0, "pretraining_tp": 2, "slow_but_exact": false,
              "offset_alibi": 100, "bias_dropout_fusion": true, "masked_softmax_fusion": true, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3
            }
            """) { Bound = TableOfGelu },
        new("falcon, one key-value head", """
            {
              "model_type": "falcon", "vocab_size": 320, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "alibi": false, "bias": false,
              "multi_query": true, "parallel_attn": true, "new_decoder_architecture": false, "apply_residual_connection_post_layernorm": false,
              "layer_norm_epsilon": 1e-05, "hidden_dropout": 0.0, "attention_dropout": 0.0, "bos_token_id": 11, "eos_token_id": 11
            }
            """) { Bound = OtherGelu },
        new("falcon, new decoder", """
            {
              "model_type": "falcon", "vocab_size": 320, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_kv_heads": 2, "alibi": false, "bias": false,
              "multi_query": true, "parallel_attn": true, "new_decoder_architecture": true, "layer_norm_epsilon": 1e-05, "bos_token_id": 11, "eos_token_id": 11
            }
            """) { Bound = OtherGelu },
        new("falcon, new decoder, one norm", """
            {
              "model_type": "falcon", "vocab_size": 320, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_kv_heads": 2, "alibi": false, "bias": false,
              "parallel_attn": true, "new_decoder_architecture": true, "num_ln_in_parallel_attn": 1, "ffn_hidden_size": 128, "activation": "gelu",
              "max_position_embeddings": 256, "rope_theta": 500042, "layer_norm_epsilon": 1e-05, "bos_token_id": 11, "eos_token_id": 11, "tie_word_embeddings": false
            }
            """) { Bound = OtherGelu },
        new("phi", FamilyCases.Llama("phi", $"{Norm}, \"hidden_act\": \"gelu_new\", \"partial_rotary_factor\": 0.4, \"qk_layernorm\": false, \"rope_theta\": 10000.0, \"tie_word_embeddings\": false", heads: 2, keyValueHeads: 2)) { Bound = TableOfGelu },
        new("stablelm", FamilyCases.Llama("stablelm", $"{Norm}, \"hidden_act\": \"silu\", \"partial_rotary_factor\": 0.25, \"use_qkv_bias\": true, \"qk_layernorm\": false, \"use_parallel_residual\": false, \"tie_word_embeddings\": false")),
        new("stablelm, parallel", FamilyCases.Llama("stablelm", $"{Norm}, \"hidden_act\": \"silu\", \"partial_rotary_factor\": 0.25, \"use_qkv_bias\": false, \"use_parallel_residual\": true, \"tie_word_embeddings\": false")),
        new("starcoder2", FamilyCases.Llama("starcoder2", "\"norm_epsilon\": 1e-05, \"norm_type\": \"layer_norm\", \"mlp_type\": \"default\", \"hidden_act\": \"gelu_pytorch_tanh\", \"use_bias\": true, \"sliding_window\": null, \"embedding_dropout\": 0.1, \"rope_theta\": 999999.4420358813")) { Bound = TableOfGelu },
    ];
}
