using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;

namespace Moiety.Models.Tests.Families;

/// <summary>Llama and Mixtral as their makers publish them.</summary>
public class ForeignFamilyTests
{
    // The fields of the published config.json of Llama 2 7B, Llama 3 8B and Mixtral 8x7B.
    private const string Llama2 = """
        {
          "architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 4096,
          "initializer_range": 0.02, "intermediate_size": 11008, "max_position_embeddings": 4096, "model_type": "llama",
          "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
          "rope_scaling": null, "tie_word_embeddings": false, "torch_dtype": "float16", "use_cache": true, "vocab_size": 32000
        }
        """;

    private const string Mixtral = """
        {
          "architectures": ["MixtralForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
          "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mixtral",
          "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 32, "num_key_value_heads": 8, "num_local_experts": 8,
          "output_router_logits": false, "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.02,
          "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true, "vocab_size": 32000
        }
        """;

    [Fact]
    public void Llama_2_7B()
    {
        ModelConfig config = Read(Llama2);
        config.Validate();
        Assert.Equal((32, 32, 32, 128), (config.LayerCount, config.HeadCount, config.KeyValueHeadCount, config.HeadSize));
        Assert.Equal((10000f, false), (config.Rotary!.Theta, config.Rotary!.Interleaved));
        Assert.Equal((1, 2), (config.BosTokenId!.Value, config.EosTokenIds.Single()));

        // The published number of parameters.
        Assert.Equal(6_738_415_616, TensorCatalog.For(config).Sum(tensor => tensor.ElementCount));
    }

    [Fact]
    public void Mixtral_8x7B()
    {
        ModelConfig config = Read(Mixtral);
        config.Validate();
        Assert.All(config.FeedForwards, layer => Assert.True(layer is
        {
            IntermediateSize: 0,
            Moe: { ExpertCount: 8, TopK: 2, ExpertIntermediateSize: 14336, NormalizeTopK: true, Residual: false },
        }));
        Assert.Equal(1e6f, config.Rotary!.Theta);

        // The published number of parameters.
        Assert.Equal(46_702_792_704, TensorCatalog.For(config).Sum(tensor => tensor.ElementCount));
        ModelFamily family = ModelFamilies.Get("mixtral");
        TensorSpec expert = TensorCatalog.For(config).First(tensor => tensor.Name == TensorNames.ExpertDown(3, 5));
        Assert.Equal("model.layers.3.block_sparse_moe.experts.5.w2.weight", family.HuggingFaceNaming.NameOf(expert));
        Assert.Equal("blk.3.ffn_down_exps.weight", family.GgufNaming.NameOf(expert));
    }

    [Theory]
    [InlineData("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}", "rope_scaling.rope_type", "dynamic")]
    [InlineData("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0}", "rope_scaling.low_freq_factor", "missing")]
    [InlineData("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0, \"warmth\": 3}", "rope_scaling.warmth", "does not know")]
    [InlineData("\"silu\"", "\"quick_gelu\"", "hidden_act", "quick_gelu")]
    [InlineData("\"pretraining_tp\": 1", "\"sliding_window\": 1024", "sliding_window", "does not know")]
    [InlineData("\"pretraining_tp\": 1", "\"partial_rotary_factor\": 0.5", "partial_rotary_factor", "does not know")]
    [InlineData("\"pretraining_tp\": 1", "\"logit_scale\": 0.5", "logit_scale", "does not know")]
    [InlineData("\"pretraining_tp\": 1", "\"use_parallel_residual\": true", "use_parallel_residual", "does not know")]
    [InlineData("\"pretraining_tp\": 1", "\"layer_types\": [\"linear_attention\"]", "layer_types", "1 entries, 32 are needed")]
    [InlineData("\"num_attention_heads\": 32", "\"num_attention_heads\": 33", "num_attention_heads", "33 does not divide")]
    [InlineData("\"num_hidden_layers\": 32", "\"num_hidden_layers\": 2000000000", "num_hidden_layers", "2000000000")]
    [InlineData("\"hidden_size\": 4096", "\"hidden_size\": \"4096\"", "hidden_size", "found a text, expected an integer")]
    [InlineData("\"vocab_size\": 32000", "\"vocab\": 32000", "vocab_size", "missing")]
    [InlineData("\"llama\"", "\"mamba\"", "model_type", "known: moiety_moe, llama, mistral, mixtral")]
    [InlineData("\"model_type\": \"llama\",", "", "model_type", "missing")]
    public void What_the_decoder_cannot_compute_is_refused_by_name(string field, string replacement, string name, string reason)
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Read(Llama2.Replace(field, replacement, StringComparison.Ordinal)));
        Assert.Equal(name, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"default\"}")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 500000.0}")]
    public void Default_rotary_settings_are_read_in_either_place(string field)
    {
        ModelConfig config = Read(Llama2.Replace("\"rope_scaling\": null", field, StringComparison.Ordinal));
        Assert.Equal(field.Contains("theta", StringComparison.Ordinal) ? 500000f : 10000f, config.Rotary!.Theta);
    }

    [Fact]
    public void GGUF_calls_Mixtral_a_Llama_with_experts()
    {
        GgufMetadata metadata = new("model.gguf");
        metadata.Set("general.architecture", GgufValue.Of("llama"));
        Assert.Equal("llama", ModelFamilies.ForGguf(metadata).Name);
        metadata.Set("llama.expert_count", GgufValue.OfSize(8));
        Assert.Equal("mixtral", ModelFamilies.ForGguf(metadata).Name);
        metadata.Set("general.architecture", GgufValue.Of("mamba"));
        Assert.Contains("known: moiety_moe, llama, qwen2", Assert.Throws<InvalidCheckpointException>(() => ModelFamilies.ForGguf(metadata)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_family_refuses_to_write_what_its_readers_would_not_understand()
    {
        ModelConfig residual = FamilyModels.Moiety() with { Family = "mixtral" };
        Assert.Contains("mixtral", Assert.Throws<InvalidInputException>(() => ModelFamilies.ForWriting(residual)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => ModelFamilies.ForWriting(FamilyModels.Mixtral() with { Family = "llama" }));
        Assert.Throws<InvalidInputException>(() => ModelFamilies.ForWriting(FamilyModels.Llama() with { Family = "mixtral" }));
        Assert.Throws<InvalidInputException>(() => ModelFamilies.ForWriting(FamilyModels.Llama() with { Family = "gpt2" }));
    }

    [Theory]
    [InlineData("", 4096)]
    [InlineData("\"sliding_window\": null,", 0)]
    [InlineData("\"sliding_window\": 100,", 100)]
    public void A_window_that_is_not_mentioned_is_the_usual_one_and_null_is_none(string field, int window) =>
        Assert.Equal(window, Read(Llama2.Replace("\"model_type\": \"llama\",", $"\"model_type\": \"mistral\", {field}", StringComparison.Ordinal)).AttentionOf(0).Window);

    [Theory]
    [InlineData("", 50, 30)]
    [InlineData("\"attn_logit_softcapping\": null, \"final_logit_softcapping\": null,", 0, 0)]
    public void Soft_caps_that_are_not_mentioned_are_the_usual_ones_and_null_is_none(string field, float scores, float logits)
    {
        ModelConfig config = Read(Llama2.Replace("\"model_type\": \"llama\",", $"\"model_type\": \"gemma2\", {field}", StringComparison.Ordinal)
            .Replace("\"hidden_act\": \"silu\",", "", StringComparison.Ordinal));
        Assert.Equal((scores, logits), (config.Attention.LogitSoftCap, config.LogitSoftCap));
    }

    private static ModelConfig Read(string json)
    {
        JsonField fields = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(json));
        return ModelFamilies.ForHuggingFace(fields).ReadHuggingFace(fields);
    }
}
