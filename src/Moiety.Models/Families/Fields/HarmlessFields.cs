using System.Collections.Frozen;

namespace Moiety.Models.Families.Fields;

/// <summary>Fields of <c>config.json</c> that change nothing in the forward pass of any family: provenance, training, generation.</summary>
internal static class HarmlessFields
{
    // quantization_config is the reader's: it turns the files' tensors into plain ones, or refuses what it finds.
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal,
        "quantization_config",
        "architectures", "attn_implementation", "auto_map", "bad_words_ids", "begin_suppress_tokens", "cache_implementation", "chunk_size_feed_forward",
        "cross_attention_hidden_size", "diversity_penalty", "do_sample", "dtype", "early_stopping", "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty",
        "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "gradient_checkpointing", "id2label", "is_decoder", "is_llama_config", "label2id", "language",
        "length_penalty", "max_length", "max_new_tokens", "min_length", "model_type", "name_or_path", "no_repeat_ngram_size", "num_beam_groups", "num_beams",
        "num_labels", "num_logits_to_keep", "num_return_sequences", "offset_alibi", "output_attentions", "output_hidden_states", "output_past", "output_router_logits",
        "output_scores", "prefix", "pretraining_tp", "problem_type", "remove_invalid_values", "repetition_penalty", "return_dict", "return_dict_in_generate",
        "seq_length", "special_tokens", "suppress_tokens", "task_specific_params", "temperature", "tf_legacy_loss", "tokenizer_class", "top_k", "top_p", "torch_dtype",
        "torchscript", "transformers_version", "typical_p", "unsloth_fixed", "unsloth_version", "use_cache", "use_flash_attn", "use_flash_attention_2",
        "bias_dropout_fusion", "masked_softmax_fusion", "attention_softmax_in_fp32", "apply_residual_connection_post_layernorm_dropout", "fused_bias_fc",
        "unk_index", "gen_layers", "mask_token", "slow_but_exact", "max_sequence_length", "model_max_length", "_name_or_path",
        "teacher", "kd");

    private static readonly string[] Prefixes = ["_", "initializer_", "init_", "summary_", "unsloth_", "gradient_"];

    private static readonly string[] Suffixes = ["_dropout", "_pdrop", "_dropout_prob", "_dropout_rate", "_token_id", "_token_index", "_loss_coef", "_loss", "_loss_alpha", "_jitter_noise", "_version", "_std"];

    /// <summary>Whether a field is one of them.</summary>
    public static bool Contains(string name) =>
        Names.Contains(name)
        || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
        || Suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal))
        || name.StartsWith("dropout", StringComparison.Ordinal)
        || name.EndsWith("dropout", StringComparison.Ordinal);
}
