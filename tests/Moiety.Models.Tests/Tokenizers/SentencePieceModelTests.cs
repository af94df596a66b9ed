using System.Text;
using System.Text.Json;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.SentencePieceModels;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>
/// SentencePiece files give the ids of the sentencepiece library. <c>tests/fixtures/scripts/make_sentencepiece.py</c> made the models and
/// let the library encode the texts; <c>MOIETY_SENTENCEPIECE_CASES</c> names a folder with more of them.
/// </summary>
public class SentencePieceModelTests
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers");

    [Theory]
    [InlineData("unigram")]
    [InlineData("unigram-rules")]
    [InlineData("unigram-bytes")]
    [InlineData("unigram-plain")]
    [InlineData("bpe")]
    [InlineData("bpe-bytes")]
    public void Ids_are_those_of_the_sentencepiece_library(string name) => Check(Path.Combine(Fixtures, $"{name}.model"));

    [Fact]
    public void Ids_of_many_texts_are_those_of_the_sentencepiece_library()
    {
        string? folder = Environment.GetEnvironmentVariable("MOIETY_SENTENCEPIECE_CASES");
        Assert.SkipUnless(folder is { Length: > 0 }, "MOIETY_SENTENCEPIECE_CASES names no folder of make_sentencepiece.py's.");
        Assert.All(Directory.GetFiles(folder, "*.model"), Check);
    }

    [Fact]
    public void Llama_2s_own_file_gives_the_ids_of_its_GGUF_vocabulary()
    {
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(SharedData.Require("llama2-tokenizer/tokenizer.model"));
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases("llama-spm"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.Equal([1, .. ids], tokenizer.Encode(text));
        }
    }

    [Theory]
    [InlineData("unigram")]
    [InlineData("unigram-bytes")]
    [InlineData("bpe")]
    [InlineData("bpe-bytes")]
    public void Going_through_tokenizer_json_changes_no_id_of_ordinary_text(string name)
    {
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(Path.Combine(Fixtures, $"{name}.model"));
        byte[] json = TokenizerJson.Write(tokenizer);
        Tokenizer again = TokenizerJson.Read(json, null, "tokenizer.json");
        HuggingFaceTokenizer oracle = new(json);
        foreach (string text in (string[])["the cat sat on the mat", "Hello, world! 123", "naïve café", "дома и домой", "talkingtalk catcatcat"])
        {
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(ids, again.Encode(text));
            Assert.Equal(ids, oracle.Encode(text));
            Assert.Equal(tokenizer.Decode(ids), again.Decode(ids));
        }
    }

    [Fact]
    public void Damaged_files_are_named()
    {
        byte[] model = File.ReadAllBytes(Path.Combine(Fixtures, "bpe.model"));
        Assert.Contains("truncated", Assert.Throws<InvalidCheckpointException>(() => SentencePieceModel.Read(model.AsSpan(0, 100), "x.model")).Message);
        Assert.Contains("no pieces", Assert.Throws<InvalidCheckpointException>(() => SentencePieceModel.Read([], "x.model")).Message);
        Assert.Throws<InvalidCheckpointException>(() => SentencePieceModel.Read(Encoding.UTF8.GetBytes("{\"version\": 1}"), "x.model"));
    }

    private static void Check(string path)
    {
        SentencePieceTokenizer tokenizer = SentencePieceModelTokenizer.Create(SentencePieceModel.ReadFile(path), [], new TokenizerOptions(), path);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(path, ".json")));
        foreach (JsonElement entry in document.RootElement.EnumerateArray())
        {
            string text = entry[0].GetString()!;
            int[] ids = [.. entry[1].EnumerateArray().Select(id => id.GetInt32())];
            int[] own = tokenizer.Encode(text);
            Assert.True(ids.AsSpan().SequenceEqual(own), $"{Path.GetFileName(path)} {JsonSerializer.Serialize(text)}: {string.Join(' ', ids)} | {string.Join(' ', own)}");
        }
    }
}
