using Moiety.Decoding.Encoders;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Parity.Tests;

/// <summary>Encoders in GGUF files that our writer made say what llama.cpp says of them.</summary>
public class LlamaCppEncoderTests
{
    private static readonly int[] Lengths = [1, 7, 40];

    // llama.cpp has GELU by tanh from a table in half precision whatever the model was trained with: 1e-3 per activation. Largest
    // seen: 3e-4, and 8e-3 where activations are rounded to 8 bits.
    private const double Tolerance = 1e-3;

    public static TheoryData<string> Formats => ["F32", "F16", "Q8_0"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Hidden_states_are_those_of_llama_cpp(string format)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using TemporaryFolder folder = new();
        using RandomCheckpoint weights = new(Bert, 11);
        string path = folder["bert.gguf"];
        GgufWriter.Write(path, weights.Config, TensorSource.From(weights), null, new() { FormatFor = _ => StorageFormats.ByName(format) });
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using LlamaCppModel model = new(library, path);
        using LlamaCppEncoder oracle = model.CreateEncoder(64, pooling: 0);
        foreach (int length in Lengths)
        {
            int[] tokens = RandomTokens.Draw((ulong)length, length, Bert.VocabularySize);
            double distance = LogitDistance.Relative(oracle.States(tokens), States(checkpoint, tokens));
            Assert.InRange(distance, 0, format == "Q8_0" ? 1.5e-2 : Tolerance);
        }
    }

    public static TheoryData<string> Fixtures => [.. EncoderCases.LlamaCpp];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_folder_written_as_GGUF_is_the_same_model_to_llama_cpp(string name)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using TemporaryFolder folder = new();
        TransformersFixture fixture = TransformersFixture.Open(name);
        using Checkpoint source = Checkpoint.Open(fixture.Path);
        string path = folder["model.gguf"];
        GgufWriter.Write(path, source.Config, TensorSource.From(source), null, new() { FormatFor = _ => StorageFormats.F32 });
        using LlamaCppModel model = new(library, path);
        using LlamaCppEncoder oracle = model.CreateEncoder(source.Config.ContextLength, pooling: 1);
        for (int input = 0; input < fixture.Count; input++)
        {
            // llama.cpp gives every token the first type.
            float[][] states = States(source, fixture.InputIds(input));
            float[] mean = [.. Enumerable.Range(0, states[0].Length).Select(index => states.Average(state => state[index]))];
            Assert.InRange(LogitDistance.Relative([oracle.Pooled(fixture.InputIds(input))], [mean]), 0, Tolerance);
        }
    }

    [Theory]
    [InlineData("The cat sat on the mat.")]
    [InlineData("running kites, red dogs? Who wrote it!")]
    [InlineData("")]
    public void From_text_to_vector_as_llama_cpp_goes(string text)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using TemporaryFolder output = new();
        using EncoderFolder folder = new("bert");
        using Checkpoint source = Checkpoint.Open(folder.Path);
        string path = output["model.gguf"];
        EmbeddingConfig embedding = new() { Pooling = EmbeddingPooling.First, Normalize = false };
        GgufWriter.Write(path, source.Config, TensorSource.From(source), source.Tokenizer, new() { FormatFor = _ => StorageFormats.F32, Embedding = embedding });
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using Engine engine = Engine.Open(checkpoint, new() { Threads = 1, KeyValueFormat = KeyValueFormat.F32 });
        using LlamaCppModel model = new(library, path);
        int[] tokens = model.Tokenize(text, addSpecial: true);
        Assert.Equal(tokens, checkpoint.Tokenizer!.Encode(text));

        // The file says how to pool.
        using LlamaCppEncoder oracle = model.CreateEncoder(checkpoint.Config.ContextLength, pooling: -1);
        Assert.InRange(LogitDistance.Relative([oracle.Pooled(tokens)], [new EmbeddingModel(checkpoint, engine).Embed(text)]), 0, Tolerance);
    }

    [Fact]
    public void Classes_are_those_of_llama_cpp()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using TemporaryFolder folder = new();
        ModelConfig config = Bert with { Classifier = new() { Labels = ["no", "perhaps", "yes"] } };
        using RandomCheckpoint weights = new(config, 12);
        string path = folder["model.gguf"];
        GgufWriter.Write(path, config, TensorSource.From(weights), null);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Assert.Equal(config.Classifier, checkpoint.Config.Classifier);
        ClassificationHead head = new(checkpoint);
        using LlamaCppModel model = new(library, path);
        using LlamaCppEncoder oracle = model.CreateEncoder(64, pooling: 4);
        foreach (int length in Lengths)
        {
            int[] tokens = RandomTokens.Draw((ulong)length, length, config.VocabularySize);
            Assert.InRange(LogitDistance.Relative([oracle.Pooled(tokens, 3)], [head.Run(States(checkpoint, tokens)[0])]), 0, Tolerance);
        }
    }

    private static ModelConfig Bert { get; } = new()
    {
        Family = "bert",
        VocabularySize = 101,
        HiddenSize = 64,
        HeadCount = 4,
        KeyValueHeadCount = 4,
        HeadSize = 16,
        ContextLength = 64,
        NormEpsilon = 1e-5f,
        Norm = NormKind.Layer,
        NormPlacement = NormPlacement.Post,
        FinalNorm = false,
        EmbeddingNorm = true,
        Rotary = null,
        Attention = new() { QueryKeyValueBias = true, OutputBias = true },
        LearnedPositions = 64,
        TokenTypeCount = 2,
        IsEncoder = true,
        TieWordEmbeddings = true,
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { Activation = Activation.GeluTanh, IntermediateSize = 96, Bias = true }, 3)],
    };

    private static float[][] States(Checkpoint checkpoint, int[] tokens)
    {
        using Engine engine = Engine.Open(checkpoint, new() { Threads = 1, KeyValueFormat = KeyValueFormat.F32 });
        using KvCache cache = engine.CreateCache();
        int depth = engine.Config.LayerCount + 1;
        Batch batch = new();
        batch.Add(cache, tokens, LogitsWanted.None, new ForwardPlan { HiddenStates = [depth] });
        StepResult result = engine.Step(batch);
        return [.. tokens.Select((_, position) => result.HiddenState(0, depth, position).ToArray())];
    }
}
