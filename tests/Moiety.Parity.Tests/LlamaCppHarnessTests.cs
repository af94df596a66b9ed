using Moiety.LlamaCpp;
using Moiety.Models.Configuration;
using Moiety.Parity.Tests.Models;

namespace Moiety.Parity.Tests;

/// <summary>The oracle itself: structure layouts, loading, tokenizing, and logits against plain loops in double precision.</summary>
public unsafe class LlamaCppHarnessTests
{
    public static TheoryData<string> ShapeNames => [.. Shapes.All.Keys];

    [Fact]
    public void Structure_layouts_are_those_of_the_library()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        Assert.Equal(80, sizeof(LlamaCppModelParameters));
        LlamaCppModelParameters model = library.ModelDefaults();
        Assert.Equal((-1, 1, -1, 1, 0), (model.GpuLayers, model.SplitMode, model.LoadMode, model.LazyMode, model.MainGpu));
        Assert.Equal((0, 0, 1, 0, 0), (model.VocabularyOnly, model.CheckTensors, model.UseExtraBuffers, model.NoHost, model.NoAllocation));

        Assert.Equal(160, sizeof(LlamaCppContextParameters));
        LlamaCppContextParameters context = library.ContextDefaults();
        Assert.Equal((512u, 2048u, 512u, 1u), (context.ContextLength, context.BatchSize, context.MicroBatchSize, context.MaxSequences));
        Assert.Equal((4, 4), (context.Threads, context.BatchThreads));
        Assert.Equal((-1, -1, -1, -1), (context.RopeScalingType, context.PoolingType, context.AttentionType, context.FlashAttentionType));
        Assert.Equal((1, 1), (context.KeyType, context.ValueType));
        Assert.Equal((-1f, -1f), (context.YarnExtensionFactor, context.DefragmentThreshold));
        Assert.Equal(
            (0, 1, 1, 1, 1, 0),
            (context.Embeddings, context.OffloadKqv, context.NoPerformanceTimers, context.OffloadOperations, context.FullSlidingWindow, context.UnifiedKeyValueCache));
        Assert.Equal((0, 0, 0), (context.Samplers, (nint)context.SamplerCount, context.OtherContext));

        Assert.Equal(64, sizeof(LlamaCppQuantizeParameters));
        LlamaCppQuantizeParameters quantize = library.QuantizeDefaults();
        Assert.Equal((0, 7, quantize.OutputTensorType), (quantize.Threads, quantize.FileType, quantize.EmbeddingTensorType));
        Assert.Equal((0, 1, 0, 0), (quantize.AllowRequantize, quantize.QuantizeOutputTensor, quantize.OnlyCopy, quantize.Pure));
    }

    // A C function that returns a large structure gets the address to write to as a hidden first argument. Given memory
    // full of a pattern, it shows how far the library's structure reaches.
    [Theory]
    [InlineData("model", 72, 80)]
    [InlineData("context", 152, 160)]
    [InlineData("quantize", 56, 64)]
    public void The_library_writes_structures_of_that_size(string structure, int above, int atMost)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        byte* memory = stackalloc byte[512];
        new Span<byte>(memory, 512).Fill(0xA5);
        nint function = structure switch
        {
            "model" => (nint)library.ModelDefaults,
            "context" => (nint)library.ContextDefaults,
            _ => (nint)library.QuantizeDefaults,
        };
        ((delegate* unmanaged[Cdecl]<byte*, byte*>)function)(memory);
        Assert.InRange(new ReadOnlySpan<byte>(memory, 512).LastIndexOfAnyExcept((byte)0xA5) + 1, above + 1, atMost);
    }

    [Theory]
    [InlineData("llama-spm")]
    [InlineData("gpt-2")]
    public void Tokenizes_the_published_cases(string vocabulary)
    {
        string path = SharedData.Require($"llamacpp-vocab/ggml-vocab-{vocabulary}.gguf");
        using LlamaCppModel model = new(LlamaCppOracle.Require(), path, vocabularyOnly: true);
        string[] inputs = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] outputs = File.ReadAllText(path + ".out").Split('\n');
        Assert.InRange(inputs.Length, 40, 100);
        for (int i = 0; i < inputs.Length - 1; i++)
        {
            int[] expected = [.. outputs[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            Assert.Equal(expected, model.Tokenize(inputs[i], addSpecial: false));
        }
    }

    [Theory]
    [MemberData(nameof(ShapeNames))]
    public void Logits_are_those_of_plain_loops_in_double_precision(string shape)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        ModelConfig config = Shapes.All[shape];
        using RandomCheckpoint weights = new(config, 7);
        using TemporaryFolder folder = new();
        GgufFixture.Write(folder["model.gguf"], weights);
        using LlamaCppModel model = new(library, folder["model.gguf"]);
        Assert.Equal(config.VocabularySize, model.VocabularySize);
        Assert.Equal(config.LayerCount, model.LayerCount);
        Assert.Equal(weights.TensorNames.Sum(name => weights.GetTensor(name).Rows * weights.GetTensor(name).Columns), (int)model.ParameterCount);

        int[] tokens = RandomTokens.Draw(8, 40, config.VocabularySize);
        using LlamaCppContext context = model.CreateContext(64);
        float[][] actual = context.AllLogits(tokens);
        double[][] expected = new ReferenceDecoder(weights).Forward(tokens).Logits;
        Assert.InRange(LogitDistance.Relative(expected, actual), 0, 2e-5);
    }

    [Theory]
    [InlineData("F16", 0.01)]
    [InlineData("Q8_0", 0.05)]
    [InlineData("Q4_0", 0.5)]
    public void Quantizes_files_that_then_load(string format, double bound)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        ModelConfig config = Shapes.All["mixtral, 4 experts"];
        using TemporaryFolder folder = new();
        using RandomCheckpoint weights = new(config, 7);
        GgufFixture.Write(folder["f32.gguf"], weights);
        library.Quantize(folder["f32.gguf"], folder["quantized.gguf"], format);
        Assert.True(new FileInfo(folder["quantized.gguf"]).Length < new FileInfo(folder["f32.gguf"]).Length * 0.6);

        int[] tokens = RandomTokens.Draw(8, 8, config.VocabularySize);
        using LlamaCppModel exact = new(library, folder["f32.gguf"]);
        using LlamaCppModel rounded = new(library, folder["quantized.gguf"]);
        using LlamaCppContext first = exact.CreateContext(64);
        using LlamaCppContext second = rounded.CreateContext(64);
        Assert.InRange(LogitDistance.Relative(first.AllLogits(tokens), second.AllLogits(tokens)), 1e-7, bound);
    }
}
