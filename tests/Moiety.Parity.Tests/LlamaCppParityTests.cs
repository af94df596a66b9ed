using Moiety.Inference;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Parity.Tests.Models;

namespace Moiety.Parity.Tests;

/// <summary>Our writer's GGUF files load in llama.cpp, and the engine says what llama.cpp says.</summary>
public class LlamaCppParityTests
{
    private const int Generated = 32;

    private static readonly int[] PromptLengths = [1, 9, 40, 130];

    // |Δlogit| relative to the logit range. F32: the order of sums. F16: llama.cpp rounds activations to half precision
    // before each product (2^-11 of each), we do not. Quantized: both round activations to 8 bits in blocks of 32, in the
    // same way, so that most runs agree to 1e-7; where a sum in another order lies on the other side of a rounding border,
    // an activation differs by 1/127 of its block's largest. Largest seen: 4e-6, 7e-4, 9e-3, 9e-3.
    private static readonly Dictionary<string, double> Bounds = new()
    {
        ["F32"] = 1e-5,
        ["F16"] = 1.5e-3,
        ["Q8_0"] = 1.5e-2,
        ["Q4_0"] = 1.5e-2,
    };

    public static TheoryData<string, string> Cases => Combine(Shapes.All.Keys, Bounds.Keys);

    public static TheoryData<string, string> MixtureCases => Combine(Shapes.All.Where(shape => shape.Value.Family == "mixtral").Select(shape => shape.Key), ["F32"]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_and_greedy_text_are_those_of_llama_cpp(string shape, string format)
    {
        ModelConfig config = Shapes.All[shape];
        using RandomCheckpoint weights = new(config, 5);
        if (config.Family == "mixtral")
        {
            SteadyRouting.Apply(weights);
        }

        AssertParity(weights, format);
    }

    // Routers as random as everything else: only in F32 does rounding leave every decision alone.
    [Theory]
    [MemberData(nameof(MixtureCases))]
    public void Random_routers_send_tokens_as_llama_cpp_does(string shape, string format)
    {
        using RandomCheckpoint weights = new(Shapes.All[shape], 5);
        AssertParity(weights, format);
    }

    private static void AssertParity(RandomCheckpoint weights, string format)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        ModelConfig config = weights.Config;
        double bound = Bounds[format];
        using TemporaryFolder folder = new();
        string path = folder["model.gguf"];
        GgufOptions options = new() { FormatFor = _ => StorageFormats.ByName(format) };
        GgufWriter.Write(path, config, TensorSource.From(weights), StoryTokenizer.Train(config.VocabularySize), options);

        using LlamaCppModel oracle = new(library, path);
        Assert.Equal((config.VocabularySize, config.LayerCount), (oracle.VocabularySize, oracle.LayerCount));
        using LlamaCppContext context = oracle.CreateContext(config.ContextLength);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        ReferenceDecoder reference = new(checkpoint);
        for (int i = 0; i < PromptLengths.Length; i++)
        {
            int[] prompt = RandomTokens.Draw((ulong)i, PromptLengths[i], config.VocabularySize);
            int[] continuation = context.Greedy(prompt, Generated);
            int[] text = [.. prompt, .. continuation];
            float[][] expected = context.AllLogits(text);
            float[][] actual = EngineRun.AllLogits(engine, text);
            Assert.InRange(LogitDistance.Relative(expected, actual), 0, bound);
            GreedyText.AssertSame(expected, actual, prompt.Length - 1, bound);
            if (format == "F32")
            {
                Assert.Equal(continuation, EngineRun.Greedy(engine, prompt, Generated));
            }

            // Whoever rounds what, the engine is no further from exact arithmetic on these weights than llama.cpp is.
            ReferenceOutput exact = reference.Forward(text);
            Assert.InRange(LogitDistance.Relative(exact.Logits, actual), 0, 1e-6 + (1.25 * LogitDistance.Relative(exact.Logits, expected)));
            Assert.All(exact.Routing, layer => Assert.InRange(layer.SelectMany(routing => routing.Experts).Distinct().Count(), text.Length > 100 && config.Family == "mixtral" ? 4 : 0, 8));
        }
    }

    private static TheoryData<string, string> Combine(IEnumerable<string> shapes, IEnumerable<string> formats)
    {
        TheoryData<string, string> cases = [];
        foreach (string shape in shapes)
        {
            foreach (string format in formats)
            {
                cases.Add(shape, format);
            }
        }

        return cases;
    }
}
