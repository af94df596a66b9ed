using System.Text;
using System.Text.Json;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tests.Tokenizers;

public sealed class ByteLevelVocabularyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("vocab.json", "merges.txt")]
    [InlineData("encoder.json", "vocab.bpe")]
    public void Gpt2_gives_the_ids_of_Hugging_Face(string vocabulary, string merges)
    {
        File.Copy(SharedData.Require("gpt2-tokenizer/encoder.json"), Path.Combine(_folder.Path, vocabulary));
        File.Copy(SharedData.Require("gpt2-tokenizer/vocab.bpe"), Path.Combine(_folder.Path, merges));
        Tokenizer tokenizer = TokenizerFolder.Read(_folder.Path);
        foreach ((string text, int[] ids) in PublicTokenizers.HuggingFaceCases("distilgpt2"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, parseSpecialTokens: true));
            Assert.Equal(text, tokenizer.Decode(ids));
        }

        Assert.Equal(50256, tokenizer.BosTokenId);
        Assert.Equal([50256], tokenizer.EosTokenIds);
    }

    [Theory]
    [InlineData("""{"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": true, "add_bos_token": true}""")]
    [InlineData("""{"tokenizer_class": "GPT2TokenizerFast", "bos_token": {"content": "</s>"}, "eos_token": "</s>"}""")]
    [InlineData("""{"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": {"400": {"content": "<|im_start|>", "special": true, "normalized": false}}}""")]
    [InlineData("""{"tokenizer_class": "RobertaTokenizer", "add_prefix_space": false}""")]
    [InlineData("""{"tokenizer_class": "BartTokenizerFast"}""")]
    [InlineData("""{"tokenizer_class": "DebertaTokenizer", "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}""")]
    public void Hugging_Faces_library_gives_the_same_ids_when_the_class_is_written_as_tokenizer_json(string config)
    {
        Write(config);
        ByteLevelBpeTokenizer tokenizer = Assert.IsType<ByteLevelBpeTokenizer>(TokenizerFolder.Read(_folder.Path));
        HuggingFaceTokenizer oracle = new(TokenizerJson.Write(tokenizer));
        Gen<string> texts = Gen.OneOf(Texts.Any, Texts.From(10, "<s>", "</s>", "<mask>", " ", "the", "<|im_start|>", "e\u0301"));
        texts.Where(text => text.Length > 0).Sample(
            text => Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true)), iter: 500, threads: 1);
    }

    [Fact]
    public void Roberta_puts_its_tokens_around_one_text_and_two()
    {
        Write("""{"tokenizer_class": "RobertaTokenizer"}""");
        Tokenizer tokenizer = TokenizerFolder.Read(_folder.Path);
        Assert.Equal([0, .. tokenizer.Encode("the", addSpecialTokens: false), 2], tokenizer.Encode("the"));
        TokenPair pair = tokenizer.EncodePair("a", "b");
        Assert.Equal([0, .. tokenizer.Encode("a", false), 2, 2, .. tokenizer.Encode("b", false), 2], pair.Ids);
        Assert.All(pair.TypeIds, type => Assert.Equal(0, type));
    }

    [Theory]
    [InlineData("""{"tokenizer_class": "CLIPTokenizer"}""", "tokenizer_class", "\"CLIPTokenizer\" without a tokenizer.json is not supported")]
    [InlineData("{}", "tokenizer_class", "no tokenizer_config.json that names the tokenizer's class")]
    [InlineData("""{"tokenizer_class": "GPT2Tokenizer", "eos_token": "<none>"}""", "eos_token", "\"<none>\" is not in the vocabulary")]
    [InlineData("""{"tokenizer_class": "RobertaTokenizer", "added_tokens_decoder": {"5": {"content": "<s>"}}}""", "added tokens", "clashes")]
    public void What_the_settings_name_must_be_known(string config, string field, string reason)
    {
        Write(config);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => TokenizerFolder.Read(_folder.Path));
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData("a", "line 2", "two pieces")]
    [InlineData("a b c", "line 2", "two pieces")]
    [InlineData("t nothing", "line 2", "not in the vocabulary")]
    public void Errors_in_merges_name_the_line(string line, string field, string reason)
    {
        Write("""{"tokenizer_class": "RobertaTokenizer"}""");
        File.WriteAllText(Path.Combine(_folder.Path, "merges.txt"), $"#version: 0.2\n{line}\n");
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => TokenizerFolder.Read(_folder.Path));
        Assert.Equal(Path.Combine(_folder.Path, "merges.txt"), error.Path);
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void A_vocabulary_without_merges_is_refused()
    {
        Write("{}");
        File.Delete(Path.Combine(_folder.Path, "merges.txt"));
        Assert.Equal("merges.txt", Assert.Throws<InvalidCheckpointException>(() => TokenizerFolder.Read(_folder.Path)).Field);
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string config)
    {
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(
            ["the cat's hat ing ing the déjà 123 the the\n\n  ing"],
            new BpeTrainerOptions { VocabularySize = 290, SpecialTokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] });
        bool gpt2 = config.Contains("GPT2", StringComparison.Ordinal) || config.Contains("Qwen", StringComparison.Ordinal);
        Dictionary<string, int> vocabulary = Enumerable.Range(0, trained.VocabularySize)
            .ToDictionary(id => gpt2 && id == 0 ? "<|endoftext|>" : trained.GetPiece(id), id => id);
        File.WriteAllBytes(Path.Combine(_folder.Path, "vocab.json"), JsonSerializer.SerializeToUtf8Bytes(vocabulary));
        File.WriteAllText(
            Path.Combine(_folder.Path, "merges.txt"),
            "#version: 0.2\n" + string.Concat(trained.Merges.Select(merge => $"{trained.GetPiece(merge.Left)} {trained.GetPiece(merge.Right)}\n")),
            new UTF8Encoding(false));
        File.WriteAllText(Path.Combine(_folder.Path, "tokenizer_config.json"), config);
    }
}
