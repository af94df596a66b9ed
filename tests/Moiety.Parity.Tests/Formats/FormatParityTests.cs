using System.Runtime.InteropServices;
using Moiety.Inference;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;
using Moiety.Parity.Tests.Models;

namespace Moiety.Parity.Tests.Formats;

/// <summary>
/// A GGUF file in every format that is written: llama.cpp loads it, and the engine is as close to exact arithmetic on the same
/// weights as llama.cpp is. Both round activations to 8 bits, which moves the logits of a random model by about a hundredth of their
/// range: in the same way where blocks are of 32, so that they lie much closer to each other; where weights are super-blocks,
/// llama.cpp has one scale for 256 activations, we have one for 32.
/// </summary>
public class FormatParityTests
{
    private static readonly ModelConfig Model = new()
    {
        Family = "llama",
        VocabularySize = 320,
        HiddenSize = 256,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadSize = 64,
        ContextLength = 128,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10_000 },
        TieWordEmbeddings = false,
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 512 }, 2)],
    };

    public static TheoryData<string> Names => [.. StorageFormats.Writable.Where(format => format.BlockLength > 1).Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_are_those_of_llama_cpp_in_every_format(string name)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using RandomCheckpoint weights = new(Model, 5);
        using TemporaryFolder folder = new();
        GgufOptions options = new() { FormatFor = _ => StorageFormats.ByName(name) };
        GgufWriter.Write(folder["model.gguf"], Model, TensorSource.From(weights), StoryTokenizer.Train(Model.VocabularySize), options);
        using LlamaCppModel oracle = new(library, folder["model.gguf"]);
        using LlamaCppContext context = oracle.CreateContext(Model.ContextLength);
        using Checkpoint checkpoint = Checkpoint.Open(folder["model.gguf"]);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        int[] tokens = RandomTokens.Draw(3, 60, Model.VocabularySize);
        double[][] exact = new ReferenceDecoder(checkpoint).Forward(tokens).Logits;
        float[][] expected = context.AllLogits(tokens);
        float[][] actual = EngineRun.AllLogits(engine, tokens);
        double theirs = LogitDistance.Relative(exact, expected);
        double ours = LogitDistance.Relative(exact, actual);
        double apart = LogitDistance.Relative(expected, actual);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: ours {ours:E2}, llama.cpp's {theirs:E2} from exact, {apart:E2} apart");
        Assert.InRange(ours, 0, 1.25 * theirs);

        // Largest seen: 1.0e-2 with blocks of 32, 2.4e-2 with super-blocks.
        Assert.InRange(apart, 0, StorageFormats.ByName(name).BlockLength == 32 ? 1.5e-2 : 3e-2);
    }

    // Largest seen: 8e-7.
    [Theory]
    [MemberData(nameof(Names))]
    public void Without_rounded_activations_logits_are_those_of_llama_cpp_on_the_weights_that_ggml_decodes(string name)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        StorageFormat format = StorageFormats.ByName(name);
        using RandomCheckpoint quantized = new(Model, 5, format);
        using RandomCheckpoint decoded = new(Model, 5);
        foreach (string tensor in quantized.TensorNames)
        {
            Matrix matrix = quantized.GetTensor(tensor);
            decoded.SetTensor(tensor, matrix.Rows, matrix.Columns, Decode(library, matrix));
        }

        using TemporaryFolder folder = new();
        GgufWriter.Write(folder["model.gguf"], Model, TensorSource.From(decoded), StoryTokenizer.Train(Model.VocabularySize));
        using LlamaCppModel oracle = new(library, folder["model.gguf"]);
        using LlamaCppContext context = oracle.CreateContext(Model.ContextLength);
        using Engine engine = Engine.Open(quantized, EngineRun.Exact() with { ActivationPrecision = ActivationPrecision.Single });
        int[] tokens = RandomTokens.Draw(4, 60, Model.VocabularySize);
        double apart = LogitDistance.Relative(context.AllLogits(tokens), EngineRun.AllLogits(engine, tokens));
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {apart:E2}");
        Assert.InRange(apart, 0, 1e-5);
    }

    private static unsafe float[] Decode(LlamaCppLibrary library, Matrix matrix)
    {
        ReadOnlySpan<byte> bytes = new(matrix.Data, (int)matrix.ByteLength);
        return matrix.Format == StorageFormats.F32
            ? MemoryMarshal.Cast<byte, float>(bytes).ToArray()
            : new GgmlFormat(library, GgmlFormatTests.Numbers[matrix.Format.Name]).Dequantize(bytes);
    }
}
