using System.Text;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Models.Quantization;

namespace Moiety.Models.Tests.Families;

/// <summary>The <c>config.json</c> of published models, as they are on the hub, give the published numbers of parameters.</summary>
public class PublishedModelTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "fixtures", "published");

    // Parameters as the hub or the paper states them; tied heads count once.
    public static TheoryData<string, long> Models => new()
    {
        { "Llama-3-8B", 8_030_261_248 },
        { "Llama-3.2-1B", 1_235_814_400 },
        { "TinyLlama-1.1B", 1_100_048_384 },
        { "Yi-6B", 6_061_035_520 },
        { "SmolLM2-135M", 134_515_008 },
        { "Mistral-7B-v0.1", 7_241_732_096 },
        { "Mistral-Nemo-12B", 12_247_782_400 },
        { "Mixtral-8x7B", 46_702_792_704 },
        { "Qwen2-0.5B", 494_032_768 },
        { "Qwen2.5-7B", 7_615_616_512 },
        { "Qwen1.5-MoE-A2.7B", 14_315_784_192 },
        { "Qwen3-0.6B", 596_049_920 },
        { "Qwen3-8B", 8_190_735_360 },
        { "Qwen3-30B-A3B", 30_532_122_624 },
        { "OLMo-1B", 1_176_764_416 },
        { "OLMo-2-7B", 7_298_617_344 },
        { "OLMoE-1B-7B", 6_919_161_856 },
        { "GPT-2", 124_439_808 },
        { "Pythia-160m", 162_322_944 },
        { "GPT-J-6B", 6_050_882_784 },
        { "OPT-125m", 125_239_296 },
        { "OPT-350m", 331_196_416 },
        { "BLOOM-560m", 559_214_592 },
        { "Falcon-7B", 6_921_720_704 },
        { "Phi-2", 2_779_683_840 },
        { "Phi-3-mini-4k", 3_821_079_552 },
        { "Phi-3-mini-128k", 3_821_079_552 },
        { "Phi-4-mini", 3_836_021_760 },
        { "StableLM-2-1.6B", 1_644_515_328 },
        { "StarCoder2-3B", 3_030_371_328 },
        { "Gemma-2B", 2_506_172_416 },
        { "Gemma-2-2B", 2_614_341_888 },
        { "Gemma-2-27B", 27_227_128_320 },
        { "Gemma-3-1B", 999_885_952 },
        { "Command-R", 34_980_831_232 },
        { "GLM-4-9B-0414", 9_400_279_040 },
        { "ERNIE-4.5-0.3B", 360_748_032 },
        { "SmolLM3-3B", 3_075_098_624 },
        { "DeepSeek-MoE-16B", 16_375_728_128 },
        { "DeepSeek-V2-Lite", 15_706_484_224 },
        { "DeepSeek-V2", 235_741_434_880 },
        { "DeepSeek-V3", 671_026_419_200 },
        { "gpt-oss-20b", 20_914_757_184 },
        { "gpt-oss-120b", 116_829_156_672 },
        { "Phi-3.5-MoE", 41_873_153_344 },
    };

    // Those whose exact number is not at hand, in billions.
    public static TheoryData<string, double> Rounded => new() { { "Granite-3.0-2B", 2.53 }, { "Command-R7B", 8.03 }, { "Minitron-4B", 4.19 }, { "Granite-3.0-1B-A400M", 1.33 }, { "GLM-4.5-Air", 106.85 }, { "ERNIE-4.5-21B-A3B", 21.83 } };

    [Theory]
    [MemberData(nameof(Rounded))]
    public void The_rounded_number_of_parameters_is_the_published_one(string name, double billions) =>
        Assert.Equal(billions, Math.Round(TensorCatalog.For(Read(name)).Sum(tensor => tensor.ElementCount) / 1e9, 2));

    [Theory]
    [MemberData(nameof(Models))]
    public void The_number_of_parameters_is_the_published_one(string name, long parameters)
    {
        ModelConfig config = Read(name);
        config.Validate();
        Assert.Equal(parameters, TensorCatalog.For(config).Sum(tensor => tensor.ElementCount));
    }

    // As the model cards and papers state them, in billions. Some leave out the embedding, of which one row is looked up.
    [Theory]
    [InlineData("DeepSeek-MoE-16B", 2.8, 1, true)]
    [InlineData("DeepSeek-V2", 21, 0, true)]
    [InlineData("DeepSeek-V3", 37, 0, false)]
    [InlineData("gpt-oss-20b", 3.6, 1, false)]
    [InlineData("gpt-oss-120b", 5.1, 1, false)]
    public void The_number_of_parameters_that_a_token_meets_is_the_published_one(string name, double billions, int digits, bool withEmbedding)
    {
        ModelConfig config = Read(name);
        long embedding = withEmbedding ? (long)config.VocabularySize * config.HiddenSize : 0;
        Assert.Equal(billions, Math.Round((ModelSummary.From(config).ActiveParameters + embedding) / 1e9, digits));
    }

    [Fact]
    public void Every_published_configuration_is_in_the_table() =>
        Assert.Equal(
            Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal),
            Models.Select(row => row.Data.Item1).Concat(Rounded.Select(row => row.Data.Item1)).Order(StringComparer.Ordinal));

    [Fact]
    public void Gemma_3_has_a_window_in_five_of_six_layers_and_positions_of_their_own_there()
    {
        ModelConfig config = Read("Gemma-3-1B");
        Assert.Equal([6, 12, 18, 24], Enumerable.Range(1, config.LayerCount).Where(layer => config.AttentionOf(layer - 1).Window == 0));
        Assert.Equal((512, 10000f), (config.AttentionOf(0).Window, config.AttentionOf(0).Rotary!.Theta));
        Assert.Equal((0, 1e6f), (config.AttentionOf(5).Window, config.AttentionOf(5).Rotary!.Theta));
        Assert.Null(config.Attention.Scale);
    }

    [Fact]
    public void The_largest_Gemma_2_has_a_scale_of_its_own_also_in_GGUF()
    {
        ModelConfig config = Read("Gemma-2-27B");
        Assert.Equal(1 / 12f, config.Attention.Scale!.Value, 1e-7f);
        Assert.Null(ModelFamilies.Get(config.Family).FindGgufObstacle(config));
    }

    [Fact]
    public void Phi_3_reads_twice_the_long_factors_of_its_context_and_the_magnitude_of_LongRoPE()
    {
        FactorRotaryScaling scaling = Assert.IsType<FactorRotaryScaling>(Read("Phi-3-mini-128k").Rotary!.Scaling);
        Assert.Equal((4096, 48, 1.19023811f), (scaling.OriginalContextLength, scaling.Long.Length, scaling.AttentionFactor));
    }

    internal static ModelConfig Read(string name)
    {
        string path = Path.Combine(Folder, name + ".json");
        JsonField json = JsonField.Parse(path, Encoding.UTF8.GetBytes(File.ReadAllText(path)));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
