using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Added tokens are found where Hugging Face's library finds them, whatever they take with them and whatever the normalizer did.</summary>
public class AddedTokenTests
{
    private static readonly Gen<string> Random = Texts.From(
        14, "<a>", "<A>", "<ab>", "<a><b>", "<b>", "word", "Word", "wörd", "x", "_", "\u0301", " ", "  ", "\n", "\t", "\u00a0", "\u3000", "▁", "é", "É", "1", ".", "Ⓐ", "<s>", "</s>");

    [Theory]
    [InlineData(null)]
    [InlineData("""{"type": "Lowercase"}""")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}""")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]}""")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": true, "strip_right": true}, {"type": "NFKC"}]}""")]
    public void In_byte_level_tokenizers(string? normalizer) => Compare(normalizer, byteLevel: true);

    [Theory]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}""")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}""")]
    public void In_SentencePiece_tokenizers(string normalizer) => Compare(normalizer, byteLevel: false);

    [Fact]
    public void Control_tokens_are_found_on_demand_only()
    {
        Tokenizer tokenizer = TokenizerJson.Read(Json(null, byteLevel: true, seed: 0), null, "tokenizer.json");
        int special = Enumerable.Range(0, tokenizer.VocabularySize).First(tokenizer.IsSpecial);
        string written = tokenizer.GetPiece(special);
        Assert.DoesNotContain(special, tokenizer.Encode(written));
        Assert.Contains(special, tokenizer.Encode(written, parseSpecialTokens: true));
    }

    private static void Compare(string? normalizer, bool byteLevel)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            byte[] json = Json(normalizer, byteLevel, seed);
            HuggingFaceTokenizer oracle = new(json);
            Tokenizer tokenizer = TokenizerJson.Read(json, null, "tokenizer.json");
            Tokenizer again = TokenizerJson.Read(TokenizerJson.Write(tokenizer), null, "tokenizer.json");
            Random.Where(text => text.Length > 0).Sample(
                text =>
                {
                    int[] ids = oracle.Encode(text);
                    int[] own = tokenizer.Encode(text, parseSpecialTokens: true);
                    Assert.True(ids.AsSpan().SequenceEqual(own), $"{seed} {JsonSerializer.Serialize(text)}: {string.Join(' ', ids)} | {string.Join(' ', own)}");
                    Assert.Equal(ids, again.Encode(text, parseSpecialTokens: true));
                },
                iter: 400,
                threads: 1);
        }
    }

    private static byte[] Json(string? normalizer, bool byteLevel, int seed)
    {
        // Every setting of every token follows from the seed.
        JsonObject vocabulary = [];
        if (byteLevel)
        {
            for (int value = 0; value < 256; value++)
            {
                vocabulary[ByteAlphabet.CharacterOf((byte)value).ToString()] = value;
            }
        }
        else
        {
            vocabulary["<unk>"] = 0;
            foreach (string piece in (string[])["▁", "w", "o", "r", "d", "W", "x", "<", ">", "a", "b", "A", "1", "."])
            {
                vocabulary[piece] = vocabulary.Count;
            }
        }

        int first = vocabulary.Count;
        string[] contents = ["<a>", "<ab>", "<a><b>", "<b>", "word", "Word", byteLevel ? "Éx" : "É", "<s>", "</s>", " x"];
        ulong state = (ulong)seed;
        bool Next() => (Moiety.Numerics.Randomness.SplitMix64.Hash(++state * 977) & 1) == 1;
        state *= 1000;
        JsonArray added = [.. contents.Select((content, i) => (JsonNode)new JsonObject
        {
            ["id"] = first + i,
            ["content"] = content,
            ["single_word"] = Next(),
            ["lstrip"] = Next(),
            ["rstrip"] = Next(),
            ["normalized"] = Next(),
            ["special"] = content is "<s>" or "</s>" || Next(),
        })];
        JsonObject byteLevelPart = new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        JsonObject model = new() { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() };
        if (!byteLevel)
        {
            model["unk_token"] = "<unk>";
            model["fuse_unk"] = true;
        }

        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = added,
            ["normalizer"] = normalizer is null ? null : JsonNode.Parse(normalizer),
            ["pre_tokenizer"] = byteLevel ? byteLevelPart : null,
            ["decoder"] = byteLevel ? byteLevelPart.DeepClone() : JsonNode.Parse("""{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}"""),
            ["model"] = model,
        });
    }
}
