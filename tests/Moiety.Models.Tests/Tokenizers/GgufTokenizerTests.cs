using System.Text.Json;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class GgufTokenizerTests
{
    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("deepseek-coder")]
    [InlineData("falcon")]
    public void Vocabulary_files_give_the_ids_of_llama_cpp(string name)
    {
        Tokenizer tokenizer = GgufTokenizer.Create(VocabularyFile.Load(name));
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases(name))
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void BERTs_vocabulary_file_gives_the_ids_of_llama_cpp_there_and_back()
    {
        Tokenizer tokenizer = GgufTokenizer.Create(VocabularyFile.Load("bert-bge"));
        Tokenizer fromJson = TokenizerJson.Read(TokenizerJson.Write(tokenizer), null, "tokenizer.json");
        Tokenizer again = GgufTokenizer.Create(GgufTokenizer.ToGguf(fromJson));
        HuggingFaceTokenizer oracle = new(TokenizerJson.Write(tokenizer));
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases("bert-bge"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(ids, fromJson.Encode(text, addSpecialTokens: false));
            Assert.Equal(ids, again.Encode(text, addSpecialTokens: false));
            Assert.Equal([101, .. ids, 102], again.Encode(text));
            Assert.Equal(text.Length == 0 ? [] : [101, .. ids, 102], oracle.Encode(text));
            Assert.Equal(tokenizer.EncodePair(text, "x").Ids, again.EncodePair(text, "x").Ids);
        }
    }

    [Theory]
    [InlineData("unigram")]
    [InlineData("unigram-bytes")]
    public void Unigram_goes_to_GGUF_and_back(string name)
    {
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers", $"{name}.model"));
        GgufTokenizerData data = GgufTokenizer.ToGguf(tokenizer);
        Tokenizer again = GgufTokenizer.Create(data);
        Assert.Equal(JsonSerializer.Serialize(data), JsonSerializer.Serialize(GgufTokenizer.ToGguf(again)));
        foreach (string text in (string[])["the cat sat", " a  dog\tran ", "naïve café", "дома"])
        {
            Assert.Equal(tokenizer.Encode(text), again.Encode(text));
            Assert.Equal(tokenizer.Decode(tokenizer.Encode(text)), again.Decode(again.Encode(text)));
        }
    }

    [Fact]
    public void A_pair_template_and_a_Unicode_form_survive()
    {
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(["ab"], new BpeTrainerOptions { VocabularySize = 257 });
        ByteLevelBpeTokenizer tokenizer = new([.. Enumerable.Range(0, 257).Select(trained.GetPiece)], [], new ByteLevelBpeOptions
        {
            AddedTokens = trained.AddedTokens,
            BosTokenId = 0,
            Prefix = [0],
            Pair = [TemplatePiece.OfText(1, 0), TemplatePiece.OfToken(0, 1), TemplatePiece.OfText(0, 1)],
            Normalizer = new UnicodeNormalizer(UnicodeForm.Nfc),
        });
        Tokenizer again = GgufTokenizer.Create(GgufTokenizer.ToGguf(tokenizer));
        Assert.Equal(tokenizer.EncodePair("e\u0301", "b").Ids, again.EncodePair("é", "b").Ids);
        Assert.Equal(tokenizer.EncodePair("a", "b").TypeIds, again.EncodePair("a", "b").TypeIds);
    }

    [Fact]
    public void What_GGUF_cannot_hold_is_refused()
    {
        Assert.Contains("drops spaces", Assert.Throws<InvalidInputException>(() => GgufTokenizer.ToGguf(
            Checkpoint.OpenTokenizer(Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers", "unigram-plain.model")))).Message);
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(["ab"], new BpeTrainerOptions { VocabularySize = 257 });
        Assert.Contains("Lowercase", Assert.Throws<InvalidInputException>(() => GgufTokenizer.ToGguf(new ByteLevelBpeTokenizer(
            [.. Enumerable.Range(0, 257).Select(trained.GetPiece)], [], new ByteLevelBpeOptions { Normalizer = new LowercaseNormalizer() }))).Message);
        WordPieceOptions options = new() { UnknownTokenId = 0, Prefix = [0], Suffix = [0], AddedTokens = [new AddedToken { Id = 0, Content = "?", Special = true }] };
        Assert.Throws<InvalidInputException>(() => GgufTokenizer.ToGguf(new WordPieceTokenizer(["?", "a"], options)));
        Assert.Throws<InvalidInputException>(() => GgufTokenizer.ToGguf(
            new WordPieceTokenizer(["?", "a"], options with { Normalizer = new BertNormalizer { Lowercase = false } })));
        Assert.NotNull(GgufTokenizer.ToGguf(new WordPieceTokenizer(["?", "A"], options with { Normalizer = new BertNormalizer { Lowercase = false } })));
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("deepseek-coder")]
    [InlineData("falcon")]
    public void Going_to_a_Hugging_Face_folder_and_back_changes_no_id(string name)
    {
        Tokenizer fromGguf = GgufTokenizer.Create(VocabularyFile.Load(name));
        Tokenizer fromJson = TokenizerJson.Read(TokenizerJson.Write(fromGguf), null, "tokenizer.json");
        Tokenizer again = GgufTokenizer.Create(GgufTokenizer.ToGguf(fromJson));
        Assert.Equal(fromGguf.VocabularySize, again.VocabularySize);
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases(name))
        {
            Assert.Equal(ids, fromJson.Encode(text, addSpecialTokens: false));
            Assert.Equal(ids, again.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, fromJson.Decode(ids));
            Assert.Equal(text, again.Decode(ids));
        }
    }

    [Theory]
    [InlineData("gpt-2", false, """{"type": "ByteLevel", "add_prefix_space": false}""")]
    [InlineData("llama-bpe", true, """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Removed", "invert": true}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}""")]
    [InlineData("dbrx", false, """{"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated"}""")]
    [InlineData("starcoder", false, """{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false}]}""")]
    [InlineData("falcon", false, """{"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Contiguous"}, {"type": "ByteLevel", "add_prefix_space": false}, {"type": "Digits", "individual_digits": false}, {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated"}]}""")]
    [InlineData("bloom", false, """{"type": "Split", "pattern": {"Regex": " ?[^(\\s|[.,!?…。，、।۔،])]+"}, "behavior": "Isolated"}""")]
    [InlineData(null, false, """{"type": "ByteLevel", "add_prefix_space": true}""")]
    [InlineData(null, true, """{"type": "ByteLevel", "add_prefix_space": false}""")]
    [InlineData(null, false, """{"type": "Whitespace"}""")]
    [InlineData(null, false, """{"type": "Split", "pattern": {"Regex": "\\p{L}+"}, "behavior": "MergedWithNext"}""")]
    [InlineData(null, false, """{"type": "Split", "pattern": {"Regex": "\\p{L}+"}, "behavior": "Isolated"}""")]
    public void Published_pre_tokenizers_have_their_name_and_others_are_refused(string? name, bool ignoreMerges, string component)
    {
        ByteLevelBpeTokenizer bytes = BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = 257 });
        PreTokenizer stage = PreTokenizerReader.Read(JsonField.Parse("tokenizer.json", System.Text.Encoding.UTF8.GetBytes(component)));
        ByteLevelBpeTokenizer tokenizer = new(
            [.. Enumerable.Range(0, bytes.VocabularySize).Select(bytes.GetPiece)],
            [],
            new ByteLevelBpeOptions { PreTokenizers = stage is PreTokenizerSequence sequence ? sequence.Stages : [stage], IgnoreMerges = ignoreMerges });
        if (name is null)
        {
            Assert.Contains("GGUF", Assert.Throws<InvalidInputException>(() => GgufTokenizer.ToGguf(tokenizer)).Message);
        }
        else
        {
            Assert.Equal(name, GgufTokenizer.ToGguf(tokenizer).Pre);
        }
    }

    [Fact]
    public void An_unknown_pre_tokenizer_is_refused_by_name()
    {
        GgufTokenizerData data = GgufTokenizer.ToGguf(BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = 257 })) with { Pre = "afmoe" };
        Assert.Contains("\"afmoe\" is not known", Assert.Throws<InvalidCheckpointException>(() => GgufTokenizer.Create(data)).Message);
    }
}
