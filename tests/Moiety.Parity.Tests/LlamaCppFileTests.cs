using Moiety.Inference;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Parity.Tests.Models;

namespace Moiety.Parity.Tests;

/// <summary>GGUF files that others wrote are read, and ours are what others would have written.</summary>
public unsafe class LlamaCppFileTests
{
    public static TheoryData<string> ShapeNames => [.. Shapes.All.Keys];

    [Theory]
    [MemberData(nameof(ShapeNames))]
    public void A_file_written_from_the_format_description_alone_gives_the_logits_of_its_weights(string shape)
    {
        using RandomCheckpoint weights = new(Shapes.All[shape], 6);
        using TemporaryFolder folder = new();
        GgufFixture.Write(folder["model.gguf"], weights);
        using Checkpoint checkpoint = Checkpoint.Open(folder["model.gguf"]);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        int[] tokens = RandomTokens.Draw(2, 20, weights.Config.VocabularySize);
        Assert.InRange(LogitDistance.Relative(new ReferenceDecoder(weights).Forward(tokens).Logits, EngineRun.AllLogits(engine, tokens)), 0, 1e-5);
    }

    [Theory]
    [InlineData("llama, 2 queries per key, heads of 32", "F16")]
    [InlineData("llama, 2 queries per key, heads of 32", "Q8_0")]
    [InlineData("llama, 2 queries per key, heads of 32", "Q4_0")]
    [InlineData("mixtral, 4 experts", "F16")]
    [InlineData("mixtral, 4 experts", "Q8_0")]
    [InlineData("mixtral, 4 experts", "Q4_0")]
    public void Quantizing_gives_the_bytes_that_llama_cpp_gives(string shape, string format)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using RandomCheckpoint weights = new(Shapes.All[shape], 6);
        using TemporaryFolder folder = new();
        ByteLevelBpeTokenizer tokenizer = StoryTokenizer.Train(weights.Config.VocabularySize);
        GgufWriter.Write(folder["f32.gguf"], weights.Config, TensorSource.From(weights), tokenizer);
        library.Quantize(folder["f32.gguf"], folder["theirs.gguf"], format);
        GgufOptions options = new() { FormatFor = _ => StorageFormats.ByName(format) };
        GgufWriter.Write(folder["ours.gguf"], weights.Config, TensorSource.From(weights), tokenizer, options);

        using Checkpoint theirs = Checkpoint.Open(folder["theirs.gguf"]);
        using Checkpoint ours = Checkpoint.Open(folder["ours.gguf"]);
        Assert.Equal(theirs.Config, ours.Config with { FeedForwards = theirs.Config.FeedForwards, EosTokenIds = theirs.Config.EosTokenIds });
        Assert.Equal(theirs.TensorNames.Order(StringComparer.Ordinal), ours.TensorNames.Order(StringComparer.Ordinal));
        foreach (string name in ours.TensorNames)
        {
            Matrix expected = theirs.GetTensor(name);
            Matrix actual = ours.GetTensor(name);
            Assert.Equal((expected.Format.Name, expected.Rows, expected.Columns), (actual.Format.Name, actual.Rows, actual.Columns));
            ReadOnlySpan<byte> bytes = new(actual.Data, (int)actual.ByteLength);
            Assert.True(bytes.SequenceEqual(new ReadOnlySpan<byte>(expected.Data, (int)expected.ByteLength)), $"{name} differs from llama.cpp's.");
        }
    }

    [Fact]
    public void Llama_cpp_loads_a_model_that_is_written_in_several_files()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using RandomCheckpoint weights = new(Shapes.All["mixtral, 4 experts"], 6);
        using TemporaryFolder folder = new();
        ByteLevelBpeTokenizer tokenizer = StoryTokenizer.Train(weights.Config.VocabularySize);
        GgufOptions options = new() { MaxShardBytes = 100_000 };
        IReadOnlyList<string> files = GgufWriter.Write(folder["model.gguf"], weights.Config, TensorSource.From(weights), tokenizer, options);
        Assert.True(files.Count > 1);
        using LlamaCppModel model = new(library, files[0]);
        Assert.Equal(weights.TensorNames.Sum(name => weights.GetTensor(name).Rows * weights.GetTensor(name).Columns), (int)model.ParameterCount);
    }

    [Fact]
    public void Llama_cpp_encodes_and_decodes_as_our_tokenizer_does()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        ModelConfig config = Shapes.All["llama, heads of 64, tied head"];
        ByteLevelBpeTokenizer tokenizer = StoryTokenizer.Train(config.VocabularySize);
        using RandomCheckpoint weights = new(config, 6);
        using TemporaryFolder folder = new();
        GgufWriter.Write(folder["model.gguf"], config, TensorSource.From(weights), tokenizer);
        using LlamaCppModel model = new(library, folder["model.gguf"], vocabularyOnly: true);
        using Checkpoint checkpoint = Checkpoint.Open(folder["model.gguf"]);
        string[] texts =
        [
            .. StoryTokenizer.Documents.Take(40),
            "", " ", "  two  spaces ", "tab\tand\nnew\r\nlines\n\n\n", "don't we'll I'M", "1234567 3.14", "naïve café – “quoted” … Größe", "你好，世界", "🙂🙃 👩‍👩‍👧", "a\u0301 \u200b\u00a0x", "<|endoftext|>",
        ];
        foreach (string text in texts)
        {
            int[] ids = model.Tokenize(text, addSpecial: false);
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(ids, checkpoint.Tokenizer!.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, model.Detokenize(ids));
            Assert.Equal(text, checkpoint.Tokenizer.Decode(ids));
        }

        Assert.Equal(tokenizer.EosTokenIds[0], model.EosToken);
    }
}
