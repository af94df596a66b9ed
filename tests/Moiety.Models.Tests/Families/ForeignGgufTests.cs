using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;

namespace Moiety.Models.Tests.Families;

/// <summary>The metadata of files that llama.cpp's converters wrote over the years, from its repository.</summary>
public class ForeignGgufTests
{
    [Theory]
    [InlineData("llama-spm", "llama", 32, 32, 128, 4096)]
    [InlineData("deepseek-coder", "llama", 32, 32, 128, 16384)]
    [InlineData("falcon", "falcon", 71, 1, 64, 2048)]
    [InlineData("gpt-2", "gpt2", 12, 12, 64, 1024)]
    [InlineData("phi-3", "phi3", 32, 32, 96, 4096)]
    public void Files_of_other_writers_are_understood(string name, string family, int heads, int keyValueHeads, int headSize, int context)
    {
        using GgufFile file = GgufFile.Open(SharedData.Require($"llamacpp-vocab/ggml-vocab-{name}.gguf"));
        ModelConfig config = ModelFamilies.ForGguf(file.Metadata).ReadGguf(file.Metadata, _ => false);
        config.Validate();
        Assert.Equal((family, heads, keyValueHeads, headSize, context), (config.Family, config.HeadCount, config.KeyValueHeadCount, config.HeadSize, config.ContextLength));
        Assert.Equal(name == "deepseek-coder" ? new LinearRotaryScaling(4) : null, config.Rotary?.Scaling);
    }

    [Theory]
    [InlineData("llama.rope.scale_linear", 4f, 4f)]
    [InlineData("llama.rope.scaling.factor", 2f, 2f)]
    [InlineData("llama.rope.scaling.factor", 1f, 0f)]
    [InlineData("llama.rope.scaling.factor", 0f, 0f)]
    public void A_factor_without_a_type_is_linear_scaling_as_in_files_of_2023(string key, float value, float factor)
    {
        GgufMetadata metadata = Llama();
        metadata.Set(key, GgufValue.Of(value));
        Assert.Equal(factor > 0 ? new LinearRotaryScaling(factor) : null, ModelFamilies.ForGguf(metadata).ReadGguf(metadata, _ => false).Rotary!.Scaling);
    }

    [Fact]
    public void Missing_keys_mean_what_llama_cpp_takes_them_for()
    {
        ModelConfig config = ModelFamilies.ForGguf(Llama()).ReadGguf(Llama(), _ => false);
        Assert.Equal((4, 16, 10000f, true), (config.KeyValueHeadCount, config.HeadSize, config.Rotary!.Theta, config.TieWordEmbeddings));
        Assert.True(config.Rotary.Interleaved);
    }

    private static GgufMetadata Llama()
    {
        GgufMetadata metadata = new("model.gguf");
        metadata.Set("general.architecture", GgufValue.Of("llama"));
        foreach ((string key, int value) in new[] { ("vocab_size", 50), ("context_length", 64), ("embedding_length", 64), ("block_count", 1), ("feed_forward_length", 96), ("attention.head_count", 4) })
        {
            metadata.Set("llama." + key, GgufValue.OfSize(value));
        }

        metadata.Set("llama.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f));
        return metadata;
    }
}
