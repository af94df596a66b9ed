using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics.Formats;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Families;

/// <summary>Files of DeepSeek, GPT-OSS and their kin: what is left out with a warning, what is refused by name, and what the settings mean.</summary>
public sealed class MixtureFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("deepseek_v3", "model.layers.3.eh_proj.weight", "model.layers.3.mlp.experts.0.up_proj.weight")]
    [InlineData("glm4_moe", "model.layers.3.shared_head.norm.weight", "model.layers.3.embed_tokens.weight")]
    [InlineData("ernie4_5_moe", "model.mtp_block.0.mlp.up_proj.weight", "model.mtp_emb_norm.0.weight")]
    public void Layers_that_predict_further_tokens_are_left_out_of_a_folder_with_a_warning(string name, params string[] more)
    {
        ModelConfig config = Read(FamilyCases.All[name].Config);
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        using (Checkpoint plain = Checkpoint.Open(_folder["model"]))
        {
            Assert.Empty(plain.Warnings);
        }

        AddTensors(more);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Equal(config, checkpoint.Config);
        Assert.Contains("further tokens", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deepseek_v2, lite", "model.layers.27.eh_proj.weight")]
    [InlineData("deepseek_v3", "model.layers.2.eh_proj.weight")]
    [InlineData("glm4_moe", "model.layers.x.eh_proj.weight")]
    public void Other_tensors_are_still_refused(string name, string tensor)
    {
        HuggingFaceWriter.Write(_folder["model"], Read(FamilyCases.All[name].Config), RandomWeights.Source(), tokenizer: null);
        AddTensors(tensor);
        Assert.Contains(tensor, Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["model"])).Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_that_predict_further_tokens_are_left_out_of_a_GGUF_file_with_a_warning()
    {
        ModelConfig config = Read(FamilyCases.All["glm4_moe"].Config);
        GgufWriter.Write(_folder["plain.gguf"], config, RandomWeights.Source(), tokenizer: null);
        GgufRewriting.Copy(
            _folder["plain.gguf"],
            _folder["model.gguf"],
            metadata =>
            {
                metadata.Set("glm4moe.block_count", GgufValue.OfSize(config.LayerCount + 1));
                metadata.Set("glm4moe.nextn_predict_layers", GgufValue.OfSize(1));
            },
            (tensor, bytes) => tensor.Name == "output_norm.weight"
                ? [(tensor, bytes), (new TensorDeclaration("blk.3.nextn.enorm.weight", StorageFormats.F32, [4]), new byte[16])]
                : [(tensor, bytes)]);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model.gguf"]);
        Assert.Equal(config, checkpoint.Config);
        Assert.Contains("1 tensors", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deepseek", "norm_topk_prob", "true")]
    [InlineData("deepseek", "scoring_func", "\"sigmoid\"")]
    [InlineData("deepseek", "moe_layer_freq", "2")]
    [InlineData("deepseek_v2, lite", "norm_topk_prob", "true")]
    [InlineData("deepseek_v2, lite", "topk_method", "\"noaux_tc\"")]
    [InlineData("deepseek_v2, lite", "attention_bias", "true")]
    [InlineData("deepseek_v3", "topk_method", "\"greedy\"")]
    [InlineData("deepseek_v3", "scoring_func", "\"softmax\"")]
    [InlineData("deepseek_v3", "rope_interleave", "false")]
    [InlineData("gpt_oss", "swiglu_limit", "6.5")]
    [InlineData("gpt_oss", "hidden_act", "\"gelu\"")]
    [InlineData("phimoe", "rope_scaling", """{"type": "longrope", "short_factor": [1], "long_factor": [1], "long_mscale": 1.2, "short_mscale": 1.1, "original_max_position_embeddings": 32}""")]
    [InlineData("ernie4_5_moe", "moe_use_aux_free", "false")]
    [InlineData("glm4_moe", "moe_layer_freq", "2")]
    [InlineData("ernie4_5_moe", "moe_layer_interval", "2")]
    [InlineData("ernie4_5_moe", "use_bias", "true")]
    public void A_setting_that_is_not_computed_is_refused_by_name(string name, string field, string value)
    {
        JsonObject json = JsonNode.Parse(FamilyCases.All[name].Config)!.AsObject();
        json[field] = JsonNode.Parse(value);
        string refused = Assert.Throws<InvalidCheckpointException>(() => Read(json.ToJsonString())).Field;
        Assert.StartsWith(field, refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deepseek_v3", "deepseek2.rope.scaling.attn_factor", 0.9f)]
    [InlineData("deepseek_v3", "deepseek2.rope.scaling.yarn_attn_factor", 0.9f)]
    [InlineData("deepseek_v3", "deepseek2.rope.scaling.yarn_log_multiplier", null)]
    [InlineData("ernie4_5_moe", "ernie4_5-moe.interleave_moe_layer_step", 2f)]
    public void A_key_that_is_not_computed_is_refused_by_name(string name, string key, float? value)
    {
        ModelConfig config = Read(FamilyCases.All[name].Config);
        ModelFamily family = ModelFamilies.Get(config.Family);
        GgufMetadata written = new("model.gguf");
        family.WriteGguf(config, written);
        GgufMetadata metadata = new("model.gguf");
        foreach (string other in written.Keys.Where(other => other != key))
        {
            metadata.Set(other, written.Find(other));
        }

        metadata.Set(key, value is { } number ? number == MathF.Floor(number) ? GgufValue.OfSize((int)number) : GgufValue.Of(number) : null);
        HashSet<string> names = [.. TensorCatalog.For(config).Select(family.GgufNamingFor(config).NameOf)];
        Assert.Equal(key, Assert.Throws<InvalidCheckpointException>(() => family.ReadGguf(metadata, names.Contains)).Field);
    }

    [Theory]
    [InlineData("DeepSeek-V3", 1.0)]
    [InlineData("DeepSeek-V2", 0.707)]
    [InlineData("DeepSeek-V2-Lite", 0.707)]
    public void The_scale_of_DeepSeek_under_YaRN_is_the_published_one_and_comes_back_from_both_containers(string name, double weight)
    {
        ModelConfig config = PublishedModelTests.Read(name);
        double magnitude = (0.1 * weight * Math.Log(40)) + 1;
        Assert.Equal((float)(magnitude * magnitude / Math.Sqrt(192)), config.Attention.Scale!.Value, 1e-8f);
        Assert.Equal(1, Assert.IsType<YarnRotaryScaling>(config.Rotary!.Scaling).AttentionFactor);
        ModelFamily family = ModelFamilies.Get(config.Family);
        Assert.Null(family.FindGgufObstacle(config));
        JsonObject json = [];
        family.WriteHuggingFace(config, json);
        Assert.Equal((float)weight, json["rope_scaling"]!["mscale_all_dim"]!.GetValue<float>());
        Assert.Equal((float)weight, json["rope_scaling"]!["mscale"]!.GetValue<float>());
    }

    [Fact]
    public void Groups_are_ranked_as_the_papers_say()
    {
        MoeConfig second = PublishedModelTests.Read("DeepSeek-V2").FeedForwards[^1].Moe!;
        Assert.Equal((8, 3, GroupScore.Best, GatingKind.Softmax, 16f, false), (second.GroupCount, second.GroupTopK, second.GroupScore, second.Gating, second.WeightScale, second.NormalizeTopK));
        MoeConfig third = PublishedModelTests.Read("DeepSeek-V3").FeedForwards[^1].Moe!;
        Assert.Equal((8, 4, GroupScore.BestTwo, GatingKind.Sigmoid, 2.5f, true), (third.GroupCount, third.GroupTopK, third.GroupScore, third.Gating, third.WeightScale, third.NormalizeTopK));
        Assert.True(third.SelectionBias && !second.SelectionBias);
    }

    [Fact]
    public void A_scale_of_DeepSeek_that_llama_cpp_would_not_compute_is_not_written_as_GGUF()
    {
        ModelConfig config = PublishedModelTests.Read("DeepSeek-V3");
        RotaryConfig rotary = config.Rotary!;
        YarnRotaryScaling yarn = (YarnRotaryScaling)rotary.Scaling!;
        foreach (ModelConfig other in (ModelConfig[])
        [
            config with { Rotary = rotary with { Scaling = yarn with { AttentionFactor = 1.1f } } },
            config with { Rotary = rotary with { Scaling = yarn with { AttentionFactor = null } }, Attention = config.Attention with { Scale = null } },
            config with { Rotary = rotary with { Scaling = null } },
        ])
        {
            Assert.NotNull(ModelFamilies.Get(config.Family).FindGgufObstacle(other));
        }
    }

    [Fact]
    public void All_layers_of_Phi_3_5_MoE_have_the_published_magnitude_of_LongRoPE()
    {
        ModelConfig config = PublishedModelTests.Read("Phi-3.5-MoE");
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            Assert.Equal(1.243163121016122f, Assert.IsType<FactorRotaryScaling>(config.AttentionOf(layer).Rotary!.Scaling).AttentionFactor);
            Assert.Equal(131072, config.AttentionOf(layer).Window);
        }
    }

    [Fact]
    public void The_bias_of_ERNIE_s_experts_is_the_matrix_of_one_row_that_transformers_loads()
    {
        HuggingFaceWriter.Write(_folder["model"], Read(FamilyCases.All["ernie4_5_moe"].Config), RandomWeights.Source(), tokenizer: null);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["model/model.safetensors"]);
        Assert.Equal([1, 8], file.Tensors["model.layers.1.mlp.moe_statics.e_score_correction_bias"].Shape);
    }

    [Fact]
    public void A_GGUF_file_of_GPT_OSS_that_does_not_say_so_has_a_ramp_without_rounded_ends()
    {
        ModelConfig config = PublishedModelTests.Read("gpt-oss-20b");
        ModelFamily family = ModelFamilies.Get(config.Family);
        GgufMetadata written = new("model.gguf");
        family.WriteGguf(config, written);
        GgufSpecialTokens.Write(config, hasTokenizer: false, written);
        GgufMetadata metadata = new("model.gguf");
        foreach (string key in written.Keys.Where(key => !key.EndsWith("yarn_truncate", StringComparison.Ordinal)))
        {
            metadata.Set(key, written.Find(key));
        }

        HashSet<string> names = [.. TensorCatalog.For(config).Select(family.GgufNamingFor(config).NameOf)];
        Assert.Equal(config, family.ReadGguf(metadata, names.Contains));
        Assert.All(Enumerable.Range(0, config.LayerCount), layer => Assert.Equal(layer % 2 == 0 ? 128 : 0, config.AttentionOf(layer).Window));
    }

    private void AddTensors(params IEnumerable<string> names)
    {
        string path = _folder["model/model.safetensors"];
        byte[] bytes = File.ReadAllBytes(path);
        (string, string, long[], byte[])[] tensors;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            tensors = [.. file.Tensors.Values.Select(tensor => (tensor.Name, tensor.Type.Name, tensor.Shape.ToArray(), bytes[(int)tensor.Offset..(int)(tensor.Offset + tensor.ByteLength)]))];
        }

        File.WriteAllBytes(path, QuantizedFolders.Safetensors([.. tensors, .. names.Select(name => (name, "F32", (long[])[2], new byte[8]))]));
    }

    private static ModelConfig Read(string config)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
