using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class ByteLevelBpeTokenizerTests
{
    private static readonly string[] Corpus = ["Hello world, the world's end is the thing. 학습 123 the", "ing ing 🚀🚀 the the  the\n\n\nstraße"];

    public static TheoryData<string> PreTokenizers => ["gpt-2", "llama-bpe", "qwen2", "default", "deepseek-coder"];

    [Fact]
    public void Gpt2_gives_the_ids_of_Hugging_Face()
    {
        Tokenizer tokenizer = PublicTokenizers.Gpt2();
        foreach ((string text, int[] ids) in PublicTokenizers.HuggingFaceCases("distilgpt2"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, parseSpecialTokens: true));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Gpt2_gives_the_ids_of_llama_cpp()
    {
        Tokenizer tokenizer = PublicTokenizers.Gpt2();
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases("gpt-2"))
        {
            Assert.Equal(ids, tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Gpt2_gives_the_ids_of_Hugging_Faces_library_on_random_text()
    {
        byte[] json = PublicTokenizers.Gpt2Json();
        HuggingFaceTokenizer oracle = new(json);
        Tokenizer tokenizer = TokenizerJson.Read(json, null, "tokenizer.json");
        Texts.Any.Sample(text => Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true)), iter: 1000, threads: 1);
    }

    [Theory]
    [MemberData(nameof(PreTokenizers))]
    public void Every_byte_string_comes_back(string preTokenizer)
    {
        ByteLevelBpeTokenizer tokenizer = Make(preTokenizer);
        Gen.Byte.Array[0, 200].Sample(bytes =>
            Assert.Equal(bytes, tokenizer.DecodeBytes(tokenizer.EncodeBytes(bytes, parseSpecialTokens: true))));
    }

    [Theory]
    [MemberData(nameof(PreTokenizers))]
    public void Every_text_comes_back_and_its_bytes_give_the_same_ids(string preTokenizer)
    {
        ByteLevelBpeTokenizer tokenizer = Make(preTokenizer);
        Texts.Any.Sample(text =>
        {
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.Equal(ids, tokenizer.EncodeBytes(Encoding.UTF8.GetBytes(text)));
        });
    }

    // A quadratic encoder would need hours for these.
    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("🚀")]
    [InlineData("abcing")]
    public void Megabytes_without_a_border_come_back(string unit)
    {
        ByteLevelBpeTokenizer tokenizer = Make("llama-bpe");
        string text = string.Concat(Enumerable.Repeat(unit, 2_000_000 / unit.Length)) + "x";
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void Threads_share_a_tokenizer()
    {
        ByteLevelBpeTokenizer tokenizer = Make("gpt-2");
        string[] texts = [.. Enumerable.Range(0, 20_000).Select(i => $"word{i % 977} the {i}")];
        int[][] actual = [.. texts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(text => tokenizer.Encode(text))];
        ByteLevelBpeTokenizer fresh = Make("gpt-2");
        int[][] expected = [.. texts.Select(text => fresh.Encode(text))];
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void The_written_form_of_a_special_token_is_that_token_only_on_demand()
    {
        ByteLevelBpeTokenizer tokenizer = Make("gpt-2");
        const string Text = "end<|endoftext|>start";
        Assert.DoesNotContain(0, tokenizer.Encode(Text, addSpecialTokens: false));
        Assert.Equal(Text, tokenizer.Decode(tokenizer.Encode(Text)));
        Assert.Single(tokenizer.Encode(Text, addSpecialTokens: false, parseSpecialTokens: true), 0);
        Assert.Equal("endstart", tokenizer.Decode(tokenizer.Encode(Text, parseSpecialTokens: true)));
        Assert.True(tokenizer.IsSpecial(0));
        Assert.Equal("<|endoftext|>", tokenizer.GetPiece(0));
    }

    [Fact]
    public void Ignoring_merges_takes_a_word_that_is_a_token_as_it_is()
    {
        ByteLevelBpeTokenizer trained = Make("gpt-2");
        string?[] pieces = [.. Enumerable.Range(0, trained.VocabularySize).Select(trained.GetPiece), "Ġunmergeable"];
        ByteLevelBpeTokenizer merging = new(pieces, trained.Merges, new ByteLevelBpeOptions());
        ByteLevelBpeTokenizer ignoring = new(pieces, trained.Merges, new ByteLevelBpeOptions { IgnoreMerges = true });
        Assert.Equal([pieces.Length - 1], ignoring.Encode(" unmergeable"));
        Assert.True(merging.Encode(" unmergeable").Length > 1);
    }

    [Fact]
    public void Ids_outside_of_the_vocabulary_are_refused()
    {
        ByteLevelBpeTokenizer tokenizer = Make("gpt-2");
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([tokenizer.VocabularySize]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([-1]));
        Assert.Throws<InvalidInputException>(() => new ByteLevelBpeTokenizer(["a"], [new BpeMerge(0, 1, 0)], new ByteLevelBpeOptions()));
        Assert.Throws<InvalidInputException>(() => new ByteLevelBpeTokenizer(["a"], [], new ByteLevelBpeOptions { BosTokenId = 1 }));
    }

    private static ByteLevelBpeTokenizer Make(string preTokenizer)
    {
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(Corpus, new BpeTrainerOptions { VocabularySize = 320 });
        ImmutableArray<PreTokenizer> stages = GgufPreTokenizers.Find(preTokenizer)!.Stages;
        return new ByteLevelBpeTokenizer(
            [.. Enumerable.Range(0, trained.VocabularySize).Select(trained.GetPiece)],
            trained.Merges,
            new ByteLevelBpeOptions { PreTokenizers = stages, AddedTokens = trained.AddedTokens, Prefix = trained.Prefix, BosTokenId = 0 });
    }
}
