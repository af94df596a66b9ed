using System.Text;
using Moiety.Inference;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;
using Moiety.Parity.Tests.Models;
using Moiety.Testing.Families;

namespace Moiety.Parity.Tests.Families;

/// <summary>
/// A random checkpoint of every family, written as GGUF and as a Hugging Face folder: llama.cpp loads the first, and the engine says of
/// both what llama.cpp says.
/// </summary>
public class FamilyParityTests
{
    private const int VocabularySize = 320;
    private const int Generated = 8;
    private static readonly Lazy<ByteLevelBpeTokenizer> Words = new(() => StoryTokenizer.Train(VocabularySize));

    public static TheoryData<string> Cases => [.. FamilyCases.All.Values.Where(example => example.Oracle == FamilyOracle.LlamaCpp).Select(example => example.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Both_containers_give_the_logits_and_the_greedy_text_of_llama_cpp(string name)
    {
        FamilyCase example = FamilyCases.All[name];
        AssertParity(example, Read(example), hasFolder: true);
    }

    [Fact]
    public void StableLM_with_norms_of_queries_and_keys_is_read_from_GGUF()
    {
        FamilyCase example = FamilyCases.All["stablelm, parallel"];
        ModelConfig config = Read(example);
        AssertParity(example, config with { Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.PerHeadLayer } }, hasFolder: false);
    }

    // F16: llama.cpp rounds activations to half precision before each product, we do not. Q8_0: both round activations to 8 bits, and a sum in
    // another order may lie on the other side of a rounding border.
    [Theory]
    [InlineData("llama, rope llama3", "F16", 2e-3)]
    [InlineData("qwen3", "F16", 2e-3)]
    [InlineData("gemma3", "F16", 2e-3)]
    [InlineData("gpt2", "F16", 2e-3)]
    [InlineData("glm4", "F16", 2e-3)]
    [InlineData("llama, rope llama3", "Q8_0", 1.5e-2)]
    [InlineData("qwen2", "Q8_0", 1.5e-2)]
    [InlineData("gemma2", "Q8_0", 1.5e-2)]
    [InlineData("phi3", "Q8_0", 1.5e-2)]
    [InlineData("olmo2", "Q8_0", 1.5e-2)]
    public void Other_formats_give_the_logits_of_llama_cpp(string name, string format, double bound)
    {
        FamilyCase example = FamilyCases.All[name];
        AssertParity(example with { Bound = bound }, Read(example), hasFolder: false, StorageFormats.ByName(format));
    }

    private static void AssertParity(FamilyCase example, ModelConfig config, bool hasFolder, StorageFormat? format = null)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using RandomCheckpoint weights = new(config, 11);
        using TemporaryFolder folder = new();
        GgufWriter.Write(folder["model.gguf"], config, TensorSource.From(weights), Words.Value, new GgufOptions { FormatFor = format is null ? null : _ => format });
        if (hasFolder)
        {
            HuggingFaceWriter.Write(folder["model"], config, TensorSource.From(weights), Words.Value);
        }

        using LlamaCppModel oracle = new(library, folder["model.gguf"]);
        using LlamaCppContext context = oracle.CreateContext(example.OracleContext > 0 ? example.OracleContext : config.ContextLength);
        int[] prompt = RandomTokens.Draw(3, example.Length - Generated, VocabularySize);
        int[] continuation = context.Greedy(prompt, Generated);
        int[] text = [.. prompt, .. continuation];
        float[][] expected = context.AllLogits(text);
        foreach (string path in (string[])[folder["model.gguf"], .. hasFolder ? [folder["model"]] : (string[])[]])
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
            float[][] actual = EngineRun.AllLogits(engine, text);
            Assert.InRange(LogitDistance.Relative(expected, actual), 0, example.Bound);
            GreedyText.AssertSame(expected, actual, prompt.Length - 1, example.Bound);

            // One token at a time, as text is generated.
            Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, text, chunk: 7)), 0, example.Bound);
        }
    }

    private static ModelConfig Read(FamilyCase example)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(example.Config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
