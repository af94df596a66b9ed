using System.Text;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class TokenizerJsonTests
{
    [Fact]
    public void What_is_written_reads_back_as_the_same_tokenizer()
    {
        string[] corpus = ["the cat sat on the mat", "a cat, a hat; don't! 123\n\nthe end"];
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(corpus, new BpeTrainerOptions { VocabularySize = 290 });
        string folder = Directory.CreateTempSubdirectory("moiety").FullName;
        TokenizerJson.WriteFolder(trained, folder);
        ByteLevelBpeTokenizer read = Assert.IsType<ByteLevelBpeTokenizer>(TokenizerJson.ReadFolder(folder));
        Assert.Equal(TokenizerJson.Write(trained), TokenizerJson.Write(read));
        Assert.Equal(trained.Merges, read.Merges);
        Assert.Equal(0, read.BosTokenId);
        Assert.Equal([0], read.EosTokenIds);
        Assert.Equal(trained.Encode(corpus[1]), read.Encode(corpus[1]));
        Assert.Equal(0, read.Encode(corpus[1])[0]);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("gpt-2", false)]
    [InlineData("llama-bpe", true)]
    [InlineData("qwen2", false)]
    [InlineData("starcoder", false)]
    [InlineData("deepseek-coder", false)]
    public void Hugging_Faces_library_reads_what_is_written_and_gives_the_same_ids(string preTokenizer, bool ignoreMerges)
    {
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(
            ["the cat's hat ing ing ing déjà 학습 123 the the\n\n  ing"], new BpeTrainerOptions { VocabularySize = 300 });
        ByteLevelBpeTokenizer tokenizer = new(
            [.. Enumerable.Range(0, trained.VocabularySize).Select(trained.GetPiece), "Ġunmergeable", "<extra>"],
            trained.Merges,
            new ByteLevelBpeOptions
            {
                PreTokenizers = GgufPreTokenizers.Find(preTokenizer)!.Stages,
                IgnoreMerges = ignoreMerges,
                AddedTokens =
                [
                    .. trained.AddedTokens,
                    new AddedToken { Id = trained.VocabularySize + 1, Content = "<extra>", LeftStrip = true, RightStrip = true },
                ],
                Prefix = [0],
                Suffix = [trained.VocabularySize + 1],
            });
        HuggingFaceTokenizer oracle = new(TokenizerJson.Write(tokenizer));
        Gen<string> texts = Gen.OneOf(Texts.Any, Texts.From(10, " unmergeable", "<extra>", " ", "\n", "the", "<|endoftext|>"));
        texts.Where(text => text.Length > 0).Sample(
            text => Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true)), iter: 2000, threads: 1);
    }

    [Theory]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"Morpheme\"", "model", "\"Morpheme\" is not supported; supported are BPE, Unigram and WordPiece")]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"Unigram\"", "model.vocab", "expected a list")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\": \"Uppercase\"}", "normalizer", "Uppercase is not supported")]
    [InlineData("\"pre_tokenizer\": {", "\"pre_tokenizer\": {\"type\": \"Syllables\"}, \"x\": {", "pre_tokenizer", "Syllables is not supported")]
    [InlineData("\"pre_tokenizer\": {", "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a)\\\\1\"}, \"behavior\": \"Isolated\"}, \"x\": {", "pre_tokenizer", "\\1 is not supported")]
    [InlineData("\"decoder\": {", "\"decoder\": {\"type\": \"CTC\"}, \"x\": {", "decoder", "CTC is not supported")]
    [InlineData("\"post_processor\": {", "\"post_processor\": {\"type\": \"Other\"}, \"x\": {", "post_processor", "Other is not supported")]
    [InlineData("\"end_of_word_suffix\": null", "\"end_of_word_suffix\": \"</w>\"", "model", "end_of_word_suffix \"</w>\" is not supported")]
    [InlineData("\"!\": 1,", "\"!\": 2,", "model.vocab", "there twice")]
    [InlineData("\"!\": 1,", "\"!\": -1,", "model.vocab", "whole number from 0")]
    [InlineData("\"!\": 1,", "\"!\": 99999999999,", "model.vocab", "whole number from 0")]
    [InlineData("\"!\": 1,", "\"\\ud800\": 1,", "model.vocab", "not valid Unicode")]
    [InlineData("\"Ġ t\"", "\"Ġ missing\"", "model.merges[0]", "not in the vocabulary")]
    [InlineData("\"Ġ t\"", "\"Ġt\"", "model.merges[0]", "two pieces")]
    [InlineData("\"Ġ t\"", "[\"Ġ\"]", "model.merges[0]", "pair of pieces")]
    [InlineData("\"id\": 0,", "\"id\": 1,", "added_tokens[0]", "clashes")]
    [InlineData("{", "", "JSON", "not JSON")]
    [InlineData("\"version\": \"1.0\"", "\"version\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "JSON", "depth")]
    public void Errors_name_the_place_and_the_reason(string original, string replacement, string field, string reason)
    {
        string json = Encoding.UTF8.GetString(TokenizerJson.Write(
            BpeTrainer.Train([" t t t"], new BpeTrainerOptions { VocabularySize = 258 })));
        int at = json.IndexOf(original, StringComparison.Ordinal);
        Assert.True(at >= 0, json);
        byte[] broken = Encoding.UTF8.GetBytes(json[..at] + replacement + json[(at + original.Length)..]);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => TokenizerJson.Read(broken, null, "folder/tokenizer.json"));
        Assert.Equal("folder/tokenizer.json", error.Path);
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void Merges_are_read_as_pairs_and_ids_may_have_holes()
    {
        Tokenizer tokenizer = TokenizerJson.Read(
            """
            {
              "added_tokens": [{"id": 9, "content": "<end>", "special": true}],
              "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
              "decoder": {"type": "ByteLevel"},
              "model": {"type": "BPE", "vocab": {"a": 0, "b": 2, "ab": 5}, "merges": [["a", "b"]]}
            }
            """u8.ToArray(),
            """{"eos_token": {"content": "<end>"}}"""u8.ToArray(),
            "tokenizer.json");
        Assert.Equal(10, tokenizer.VocabularySize);
        Assert.Equal([5, 0], tokenizer.Encode("aba"));
        Assert.Equal("", tokenizer.GetPiece(1));
        Assert.Equal("ab", tokenizer.Decode([5, 1, 9]));
        Assert.Equal([9], tokenizer.EosTokenIds);
        Assert.Null(tokenizer.BosTokenId);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        string folder = Directory.CreateTempSubdirectory("moiety").FullName;
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => TokenizerJson.ReadFolder(folder));
        Assert.Equal("tokenizer.json", error.Field);
        Directory.Delete(folder);
    }
}
