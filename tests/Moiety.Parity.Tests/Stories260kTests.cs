using System.Text.RegularExpressions;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;

namespace Moiety.Parity.Tests;

/// <summary>
/// A model that somebody else trained: llama2.c's stories260K, whose greedy text its author published. Every container that
/// we read and write must tell that story word for word.
/// </summary>
public partial class Stories260kTests
{
    // run.c's default: it generates so many tokens after BOS, unless BOS comes again.
    private const int Steps = 256;

    private static string Data(string file) => Path.Combine(SharedData.Require("stories260k"), file);

    private static string PublishedText => PublishedBlock().Match(File.ReadAllText(Data("stories260K.md"))).Groups[1].Value;

    [Theory]
    [InlineData("checkpoint_legacy.bin")]
    [InlineData("checkpoint_v1.bin")]
    public void Greedy_text_is_the_published_one(string file)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Data(file));
        Assert.Equal(PublishedText, Story(checkpoint));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Greedy_text_is_the_published_one_with_default_options_and_any_threads(int threads)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Data("checkpoint_legacy.bin"));
        Assert.Equal(PublishedText, Story(checkpoint, new EngineOptions { Threads = threads }));
    }

    [Fact]
    public void Greedy_text_survives_a_Hugging_Face_folder()
    {
        using TemporaryFolder folder = new();
        using Checkpoint source = Checkpoint.Open(Data("checkpoint_legacy.bin"));
        HuggingFaceWriter.Write(folder["model"], source.Config, TensorSource.From(source), source.Tokenizer);
        using Checkpoint copy = Checkpoint.Open(folder["model"]);
        Assert.Equal(PublishedText, Story(copy));
    }

    [Fact]
    public void Greedy_text_survives_a_GGUF_file_and_llama_cpp_tells_it_too()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using TemporaryFolder folder = new();
        string path = folder["model.gguf"];
        using (Checkpoint source = Checkpoint.Open(Data("checkpoint_legacy.bin")))
        {
            GgufWriter.Write(path, source.Config, TensorSource.From(source), source.Tokenizer);
        }

        using Checkpoint copy = Checkpoint.Open(path);
        Assert.Equal(PublishedText, Story(copy));

        using LlamaCppModel oracle = new(library, path);
        using LlamaCppContext context = oracle.CreateContext(512);
        int[] story = context.Greedy([oracle.BosToken], Steps, stopToken: oracle.BosToken);
        Assert.Equal(PublishedText, Trim(oracle.Detokenize(story)));
    }

    // So small a model is often nearly undecided: 2 and 4 of the 256 choices hang on the rounding of activations, measured.
    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    public void Quantized_the_engine_tells_what_llama_cpp_tells(string format)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using TemporaryFolder folder = new();
        string path = folder["model.gguf"];
        using (Checkpoint source = Checkpoint.Open(Data("checkpoint_legacy.bin")))
        {
            Quantizer.Quantize(source, path, new QuantizationPolicy { Format = StorageFormats.ByName(format) });
        }

        using LlamaCppModel oracle = new(library, path);
        using LlamaCppContext context = oracle.CreateContext(512);
        int[] story = context.Greedy([oracle.BosToken], Steps, stopToken: oracle.BosToken);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        int[] text = [oracle.BosToken, .. story];
        float[][] expected = context.AllLogits(text);
        float[][] actual = EngineRun.AllLogits(engine, text);
        Assert.InRange(LogitDistance.Relative(expected, actual), 0, 1.5e-2);
        Assert.InRange(GreedyText.AssertSame(expected, actual, 0, 1.5e-2), 0, Steps / 50);

        double[][] exact = new ReferenceDecoder(checkpoint).Forward(text).Logits;
        Assert.InRange(LogitDistance.Relative(exact, actual), 0, 1.25 * LogitDistance.Relative(exact, expected));
    }

    // The file was quantized by its author, in groups; its weights are close to the original's.
    [Fact]
    public void The_eight_bit_file_predicts_nearly_what_the_original_predicts()
    {
        using Checkpoint original = Checkpoint.Open(Data("checkpoint_legacy.bin"));
        using Checkpoint quantized = Checkpoint.Open(Data("stories260K-q8.bin"));
        using Engine first = Engine.Open(original, EngineRun.Exact());
        using Engine second = Engine.Open(quantized, EngineRun.Exact());
        int[] tokens = original.Tokenizer!.Encode(PublishedText);
        float[][] expected = EngineRun.AllLogits(first, tokens);
        float[][] actual = EngineRun.AllLogits(second, tokens);
        Assert.InRange(LogitDistance.Relative(expected, actual), 1e-4, 0.05);
        Assert.StartsWith("Once upon a time, there was a little girl named Lily.", Story(quantized), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Logits_are_the_same_for_any_chunks_threads_and_batch(int chunk)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Data("checkpoint_legacy.bin"));
        int[] tokens = checkpoint.Tokenizer!.Encode(PublishedText);
        float[][] whole;
        using (Engine engine = Engine.Open(checkpoint, EngineRun.Exact()))
        {
            whole = EngineRun.AllLogits(engine, tokens);
        }

        using Engine other = Engine.Open(checkpoint, EngineRun.Exact(threads: 2));
        Assert.InRange(LogitDistance.Relative(whole, EngineRun.AllLogits(other, tokens, chunk)), 0, 1e-5);
        Assert.InRange(LogitDistance.Relative(whole, InCompany(other, tokens, chunk)), 0, 1e-5);
    }

    // The sequence is one of three in every step; the second forks from it and shares its pages, the third is another text.
    private static float[][] InCompany(Engine engine, int[] tokens, int chunk)
    {
        using KvCache cache = engine.CreateCache();
        using KvCache stranger = engine.CreateCache();
        KvCache? fork = null;
        Batch batch = new();
        float[][] rows = new float[tokens.Length][];
        for (int start = 0; start < tokens.Length;)
        {
            int count = Math.Min(chunk, tokens.Length - start);
            batch.Clear();
            batch.Add(stranger, tokens.AsSpan(tokens.Length - 1 - (start / chunk), 1), LogitsWanted.None);
            int slice = batch.Add(cache, tokens.AsSpan(start, count), LogitsWanted.All);
            if (fork is not null)
            {
                batch.Add(fork, tokens.AsSpan(0, 1), LogitsWanted.Last);
            }

            StepResult result = engine.Step(batch);
            for (int i = 0; i < count; i++)
            {
                rows[start + i] = result.Logits(slice, i).ToArray();
            }

            fork?.Dispose();
            fork = cache.Fork();
            start += count;
        }

        fork?.Dispose();
        return rows;
    }

    private static string Story(Checkpoint checkpoint, EngineOptions? options = null)
    {
        Tokenizer tokenizer = checkpoint.Tokenizer!;
        int begin = tokenizer.BosTokenId!.Value;
        using Engine engine = Engine.Open(checkpoint, options ?? EngineRun.Exact());
        return Trim(tokenizer.Decode([begin, .. EngineRun.Greedy(engine, [begin], Steps, stopToken: begin)]));
    }

    // run.c strips the space after BOS.
    private static string Trim(string text) => text.TrimStart(' ');

    [GeneratedRegex(@"tok512\.bin -t 0\.0\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex PublishedBlock();
}
