using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>A folder without <c>tokenizer.json</c> has a tokenizer all the same: from the files that its class of tokenizer saves.</summary>
public class TokenizerFolderTests
{
    private const string Bert = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\nécole\necole\nThe\n東\n京\n";
    private static readonly string Models = Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers");

    [Fact]
    public void BERTs_vocab_txt_alone()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["vocab.txt"], Bert);
        foreach (string path in (string[])[folder.Path, folder["vocab.txt"]])
        {
            Tokenizer tokenizer = Checkpoint.OpenTokenizer(path);
            Assert.Equal([2, 5, 6, 7, 9, 1, 3], tokenizer.Encode("The cats École x"));
            Assert.Equal([11, 12], tokenizer.Encode("東京", addSpecialTokens: false));
            TokenPair pair = tokenizer.EncodePair("the", "cat");
            Assert.Equal([2, 5, 3, 6, 3], pair.Ids);
            Assert.Equal([0, 0, 0, 1, 1], pair.TypeIds);
            Assert.Equal("the cats", tokenizer.Decode([2, 5, 6, 7, 3]));
            Assert.Equal([2, 4, 3], tokenizer.Encode("[MASK]", parseSpecialTokens: true));
        }
    }

    [Fact]
    public void BERTs_vocab_txt_with_settings()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["vocab.txt"], Bert.Replace("\n", "\r\n", StringComparison.Ordinal));
        File.WriteAllText(folder["tokenizer_config.json"], """{"tokenizer_class": "BertTokenizer", "do_lower_case": false, "strip_accents": false, "tokenize_chinese_chars": false}""");
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(folder.Path);
        Assert.Equal([10, 8, 1], tokenizer.Encode("The école 東京", addSpecialTokens: false));
    }

    [Fact]
    public void MPNet_parts_two_texts_with_two_tokens_and_no_types()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["vocab.txt"], "<s>\n<pad>\n</s>\n[UNK]\nthe\ncat\n<mask>\n");
        File.WriteAllText(folder["tokenizer_config.json"], """{"tokenizer_class": "MPNetTokenizer", "do_lower_case": true, "mask_token": {"content": "<mask>", "lstrip": true}}""");
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(folder.Path);
        Assert.Equal([0, 4, 2], tokenizer.Encode("The"));
        Assert.Equal([0, 4, 2, 2, 5, 2], tokenizer.EncodePair("the", "cat").Ids);
        Assert.Equal([0, 0, 0, 0, 0, 0], tokenizer.EncodePair("the", "cat").TypeIds);
        Assert.Equal([0, 4, 6, 2], tokenizer.Encode("the <mask>", parseSpecialTokens: true));
    }

    [Fact]
    public void DeBERTas_spm_model()
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(Models, "unigram-rules.model"), folder["spm.model"]);
        File.WriteAllText(folder["tokenizer_config.json"], """{"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": false, "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>"}""");
        File.WriteAllText(folder["added_tokens.json"], """{"[MASK]": 500}""");
        File.WriteAllText(folder["special_tokens_map.json"], """{"mask_token": "[MASK]"}""");
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(folder.Path);
        Tokenizer plain = Checkpoint.OpenTokenizer(Path.Combine(Models, "unigram-rules.model"));
        int[] the = plain.Encode("the cat", addSpecialTokens: false);
        int[] dog = plain.Encode("a dog", addSpecialTokens: false);
        Assert.Equal(501, tokenizer.VocabularySize);
        Assert.True(tokenizer.IsSpecial(500));
        Assert.Equal([1, .. the, 2], tokenizer.Encode("the cat"));
        Assert.Equal([1, .. the, 2, .. dog, 2], tokenizer.EncodePair("the cat", "a dog").Ids);
        Assert.Equal([.. Enumerable.Repeat(0, the.Length + 2), .. Enumerable.Repeat(1, dog.Length + 1)], tokenizer.EncodePair("the cat", "a dog").TypeIds);
        Assert.Contains(500, tokenizer.Encode("the [MASK]", parseSpecialTokens: true));
    }

    [Theory]
    [InlineData("LlamaTokenizer", "", new[] { 1 }, new int[0])]
    [InlineData("LlamaTokenizerFast", ", \"add_bos_token\": false, \"add_eos_token\": true", new int[0], new[] { 2 })]
    [InlineData("T5Tokenizer", "", new int[0], new[] { 2 })]
    [InlineData("GemmaTokenizer", "", new[] { 1 }, new int[0])]
    public void Llama_T5_and_Gemma_put_their_tokens_around_a_text(string name, string settings, int[] before, int[] after)
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(Models, "bpe.model"), folder["tokenizer.model"]);
        File.WriteAllText(folder["tokenizer_config.json"], $$$"""
            {
              "tokenizer_class": "{{{name}}}"{{{settings}}},
              "added_tokens_decoder": {"420": {"content": "<|turn|>", "lstrip": false, "rstrip": true, "normalized": false, "single_word": false, "special": true}}
            }
            """);
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(folder.Path);
        int[] ids = tokenizer.Encode("the cat", addSpecialTokens: false);
        Assert.Equal([.. before, .. ids, .. after], tokenizer.Encode("the cat"));
        Assert.Equal([420, .. ids], tokenizer.Encode("<|turn|>  the cat", addSpecialTokens: false, parseSpecialTokens: true));
        Assert.Equal([2], tokenizer.EosTokenIds);
    }

    [Fact]
    public void What_the_configuration_says_of_a_token_goes_before_tokenizer_json()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["tokenizer.json"], """
            {
              "added_tokens": [{"id": 2, "content": "<end>", "special": false, "normalized": false}],
              "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
              "decoder": {"type": "ByteLevel"},
              "model": {"type": "BPE", "vocab": {"a": 0, "Ġ": 1}, "merges": []}
            }
            """);
        Tokenizer plain = Checkpoint.OpenTokenizer(folder.Path);
        Assert.False(plain.IsSpecial(2));
        Assert.Equal([0, 1, 2, 1], plain.Encode("a <end> "));
        File.WriteAllText(folder["special_tokens_map.json"], """{"eos_token": {"content": "<end>"}}""");
        Assert.Equal([2], Checkpoint.OpenTokenizer(folder.Path).EosTokenIds);
        File.WriteAllText(folder["tokenizer_config.json"], """
            {
              "bos_token": "<new>",
              "added_tokens_decoder": {
                "2": {"content": "<end>", "special": true, "lstrip": true, "rstrip": true, "normalized": false, "single_word": false},
                "3": {"content": "<new>", "special": true, "lstrip": false, "rstrip": false, "normalized": false, "single_word": false}
              }
            }
            """);
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(folder.Path);
        Assert.True(tokenizer.IsSpecial(2));
        Assert.Equal(3, tokenizer.BosTokenId);
        Assert.Empty(tokenizer.EosTokenIds);
        Assert.Equal([0, 2, 3], tokenizer.Encode("a <end> <new>", parseSpecialTokens: true));
    }

    [Fact]
    public void T5_parts_two_texts_without_types()
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(Models, "unigram.model"), folder["spiece.model"]);
        File.WriteAllText(folder["tokenizer_config.json"], """{"tokenizer_class": "T5Tokenizer"}""");
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(folder.Path);
        TokenPair pair = tokenizer.EncodePair("the cat", "a dog");
        Assert.Equal([.. tokenizer.Encode("the cat"), .. tokenizer.Encode("a dog")], pair.Ids);
        Assert.All(pair.TypeIds, type => Assert.Equal(0, type));
    }

    [Theory]
    [InlineData("vocab.txt", """{"tokenizer_class": "RoFormerTokenizer"}""", "RoFormerTokenizer")]
    [InlineData("vocab.txt", """{"do_basic_tokenize": false}""", "do_basic_tokenize")]
    [InlineData("vocab.txt", """{"cls_token": "<none>"}""", "cls_token")]
    [InlineData("vocab.txt", """{"added_tokens_decoder": {"x": {"content": "a"}}}""", "is not an id")]
    [InlineData("vocab.txt", """{"added_tokens_decoder": {"1": {"content": "the"}}}""", "clashes")]
    [InlineData("tokenizer.model", """{"tokenizer_class": "XLMRobertaTokenizer"}""", "XLMRobertaTokenizer")]
    [InlineData("tokenizer.model", """{"tokenizer_class": "DebertaV2Tokenizer", "split_by_punct": true}""", "split_by_punct")]
    [InlineData("tokenizer.model", """{"added_tokens_decoder": {"7": {"content": "<new>"}}}""", "clashes")]
    public void What_is_not_supported_is_refused_by_name(string file, string settings, string reason)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["tokenizer_config.json"], settings);
        File.WriteAllBytes(folder[file], file == "vocab.txt" ? System.Text.Encoding.UTF8.GetBytes(Bert) : File.ReadAllBytes(Path.Combine(Models, "bpe.model")));
        Assert.Contains(reason, Assert.Throws<InvalidCheckpointException>(() => Checkpoint.OpenTokenizer(folder.Path)).Message);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_what_it_could_hold()
    {
        using TemporaryFolder folder = new();
        string message = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.OpenTokenizer(folder.Path)).Message;
        Assert.All((string[])["tokenizer.json", "tokenizer.model", "spm.model", "vocab.txt"], name => Assert.Contains(name, message));
    }
}
