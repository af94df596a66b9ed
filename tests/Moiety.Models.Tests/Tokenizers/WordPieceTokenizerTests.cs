using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tests.Tokenizers;

public class WordPieceTokenizerTests
{
    private static readonly Gen<string> Words = Texts.From(
        12, "hello", "Hello", "unaffable", "##s", " ", "  ", "\n", "\t", "İstanbul", "ÉCOLE", "naïve", "e\u0301", "ﬁ", "東京", "한국어", "don't", "U.S.", "$9.99",
        "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u200d", "\u00ad", "\ue000", "\ufffd", "\0", "\u0085", "`", "^", "¿", "。", "🚀", "a\u0300\u0323", "ǅ", "ẞ", "Σ", "Ⅷ");

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, null)]
    [InlineData(false, true)]
    public void Ids_are_those_of_Hugging_Faces_library(bool lowercase, bool? stripAccents)
    {
        byte[] json = BertJson(lowercase, stripAccents);
        HuggingFaceTokenizer oracle = new(json);
        Tokenizer tokenizer = TokenizerJson.Read(json, null, "tokenizer.json");
        Words.Where(text => text.Length > 0).Sample(
            text => Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true)), iter: 1000, threads: 1);
        foreach (string text in RandomTexts.Create(seed: 3))
        {
            Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true));
        }
    }

    [Fact]
    public void What_is_written_gives_the_same_ids_in_Hugging_Faces_library()
    {
        Tokenizer read = TokenizerJson.Read(BertJson(true, null), null, "tokenizer.json");
        byte[] json = TokenizerJson.Write(read);
        HuggingFaceTokenizer oracle = new(json);
        Tokenizer again = TokenizerJson.Read(json, null, "tokenizer.json");
        Words.Where(text => text.Length > 0).Sample(
            text =>
            {
                int[] ids = oracle.Encode(text);
                Assert.Equal(ids, read.Encode(text, parseSpecialTokens: true));
                Assert.Equal(ids, again.Encode(text, parseSpecialTokens: true));
                Assert.Equal(oracle.Decode(ids), again.Decode(ids));
            },
            iter: 2000,
            threads: 1);
    }

    [Fact]
    public void A_pair_of_texts_has_types_of_its_own()
    {
        Tokenizer tokenizer = TokenizerJson.Read(BertJson(true, null), null, "tokenizer.json");
        TokenPair pair = tokenizer.EncodePair("Hello world", "how?");
        Assert.Equal([101, 7592, 2088, 102, 2129, 1029, 102], pair.Ids);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1], pair.TypeIds);
        Assert.Equal([7592, 2088, 2129, 1029], tokenizer.EncodePair("Hello world", "how?", addSpecialTokens: false).Ids);
    }

    [Fact]
    public void Special_tokens_in_untrusted_text_are_text()
    {
        Tokenizer tokenizer = TokenizerJson.Read(BertJson(true, null), null, "tokenizer.json");
        Assert.DoesNotContain(103, tokenizer.Encode("a [MASK] b"));
        Assert.Contains(103, tokenizer.Encode("a [MASK] b", parseSpecialTokens: true));
    }

    [Fact]
    public void Every_character_parts_words_or_not_as_in_Hugging_Faces_library()
    {
        byte[] json = """
            {
              "version": "1.0", "added_tokens": [], "normalizer": null, "post_processor": null, "decoder": null,
              "pre_tokenizer": {"type": "BertPreTokenizer"},
              "model": {
                "type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                "vocab": {"?": 0, "a": 1, "b": 2, "##b": 3}
              }
            }
            """u8.ToArray();
        HuggingFaceTokenizer oracle = new(json);
        Tokenizer tokenizer = TokenizerJson.Read(json, null, "tokenizer.json");
        List<string> different = [];
        for (int codePoint = 1; codePoint < 0x20000; codePoint++)
        {
            if (Rune.IsValid(codePoint) && !oracle.Encode($"a{new Rune(codePoint)}b").AsSpan().SequenceEqual(tokenizer.Encode($"a{new Rune(codePoint)}b")))
            {
                different.Add($"U+{codePoint:X4}");
            }
        }

        Assert.True(different.Count == 0, $"{different.Count}: {string.Join(' ', different)}");
    }

    [Theory]
    [InlineData("bert-base-uncased")]
    [InlineData("google-bert/bert-base-uncased")]
    public void Ids_are_the_published_ones(string model)
    {
        Tokenizer tokenizer = TokenizerJson.Read(BertJson(true, null), null, "tokenizer.json");
        foreach ((string text, int[] ids) in PublicTokenizers.HuggingFaceCases(model))
        {
            Assert.Equal(ids, tokenizer.Encode(text));
        }
    }

    private static byte[] BertJson(bool lowercase, bool? stripAccents)
    {
        string[] pieces = File.ReadAllLines(SharedData.Require("hf-tokenizer-tests/bert-vocab.txt"));
        JsonObject vocabulary = [];
        for (int id = 0; id < pieces.Length; id++)
        {
            vocabulary[pieces[id]] = id;
        }

        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. ((string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]).Select(token => (JsonNode)new JsonObject
            {
                ["id"] = Array.IndexOf(pieces, token),
                ["content"] = token,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            })]),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer",
                ["clean_text"] = true,
                ["handle_chinese_chars"] = true,
                ["strip_accents"] = stripAccents,
                ["lowercase"] = lowercase,
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "BertProcessing",
                ["sep"] = new JsonArray("[SEP]", 102),
                ["cls"] = new JsonArray("[CLS]", 101),
            },
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = "[UNK]",
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = 100,
                ["vocab"] = vocabulary,
            },
        });
    }
}
