using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.SentencePieceModels;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Unigram files as transformers write them for T5, XLM-RoBERTa and DeBERTa give the ids of Hugging Face's library.</summary>
public class UnigramTokenizerTests
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers");

    public static TheoryData<string, string, string, bool> Pipelines => new()
    {
        // T5
        {
            """[{"type": "Precompiled", "precompiled_charsmap": MAP}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]""",
            """[{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true}]""",
            """{"type": "Metaspace", "replacement": "▁", "add_prefix_space": true}""",
            false
        },

        // DeBERTa-v2
        {
            """[{"type": "Strip", "strip_left": true, "strip_right": true}, {"type": "Precompiled", "precompiled_charsmap": MAP}]""",
            """[{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}]""",
            """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""",
            false
        },

        // Newer conversions, with bytes
        {
            """[{"type": "NFKC"}, {"type": "Lowercase"}]""",
            """[{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false}]""",
            """{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}""",
            true
        },
        {
            """[]""",
            """[{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": true}]""",
            """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": true}""",
            true
        },
    };

    [Theory]
    [MemberData(nameof(Pipelines))]
    public void Ids_and_texts_are_those_of_Hugging_Faces_library(string normalizers, string preTokenizers, string decoder, bool bytes)
    {
        byte[] json = Json(normalizers, preTokenizers, decoder, bytes);
        HuggingFaceTokenizer oracle = new(json);
        Tokenizer tokenizer = TokenizerJson.Read(json, null, "tokenizer.json");
        Tokenizer again = TokenizerJson.Read(TokenizerJson.Write(tokenizer), null, "tokenizer.json");
        foreach (string text in RandomTexts.Create(seed: 4))
        {
            int[] ids = oracle.Encode(text);
            int[] own = tokenizer.Encode(text, parseSpecialTokens: true);
            Assert.True(ids.AsSpan().SequenceEqual(own), $"{JsonSerializer.Serialize(text)}: {string.Join(' ', ids)} | {string.Join(' ', own)}");
            Assert.Equal(ids, again.Encode(text, parseSpecialTokens: true));
            string decoded = tokenizer.Decode(ids);
            Assert.Equal(decoded, again.Decode(ids));
            if (!bytes || !decoded.Contains('\ufffd', StringComparison.Ordinal))
            {
                Assert.Equal(oracle.Decode(ids), decoded);
            }
        }
    }

    [Fact]
    public void Two_texts_are_put_together_as_the_template_says()
    {
        (string normalizers, string preTokenizers, string decoder, bool bytes) = Pipelines.First().Data;
        Tokenizer tokenizer = TokenizerJson.Read(Json(normalizers, preTokenizers, decoder, bytes), null, "tokenizer.json");
        int[] a = tokenizer.Encode("the cat", addSpecialTokens: false);
        int[] b = tokenizer.Encode("a dog ran", addSpecialTokens: false);
        TokenPair pair = tokenizer.EncodePair("the cat", "a dog ran");
        Assert.Equal([.. a, 2, .. b, 2, 3], pair.Ids);
        Assert.Equal([.. Enumerable.Repeat(0, a.Length), 0, .. Enumerable.Repeat(1, b.Length), 1, 2], pair.TypeIds);
        Assert.Equal([.. a, 2], tokenizer.Encode("the cat"));
    }

    [Fact]
    public void Scores_and_pieces_that_cannot_be_are_refused()
    {
        Assert.Throws<InvalidInputException>(() => new UnigramTokenizer(["a"], [], new UnigramOptions()));
        Assert.Throws<InvalidInputException>(() => new UnigramTokenizer(["a"], [double.NaN], new UnigramOptions()));
        Assert.Throws<InvalidInputException>(() => new UnigramTokenizer([new string('a', 2000)], [0], new UnigramOptions()));
        Assert.Throws<InvalidInputException>(() => new UnigramTokenizer(["a"], [0], new UnigramOptions { UnknownTokenId = 1 }));
    }

    [Fact]
    public void Hostile_vocabularies_take_linear_time()
    {
        // Every beginning of the longest piece is a piece, and the text is nothing else.
        string?[] pieces = ["<unk>", .. Enumerable.Range(1, UnigramTokenizer.LongestPiece).Select(length => new string('a', length))];
        UnigramTokenizer tokenizer = new(pieces, [.. pieces.Select(_ => -1.0)], new UnigramOptions { UnknownTokenId = 0, SpacePrefix = SpacePrefix.None, FuseUnknown = true });
        int[] ids = tokenizer.Encode(new string('a', 20_000));
        Assert.Equal((20_000 + UnigramTokenizer.LongestPiece - 1) / UnigramTokenizer.LongestPiece, ids.Length);
        Assert.Equal([0], tokenizer.Encode(new string('b', 20_000)));
    }

    private static byte[] Json(string normalizers, string preTokenizers, string decoder, bool bytes)
    {
        // The small models' pieces and map.
        SentencePieceModel model =
            SentencePieceModel.ReadFile(Path.Combine(Fixtures, bytes ? "unigram-bytes.model" : "unigram.model"));
        string map = model.Normalizer.Map is { } found ? Convert.ToBase64String(found.Contents.Span) : "";
        string[] special = bytes ? ["<unk>", "<s>", "</s>"] : ["<unk>", "<s>", "</s>", "<pad>"];
        JsonObject text = new() { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } };
        JsonObject end = new() { ["SpecialToken"] = new JsonObject { ["id"] = "</s>", ["type_id"] = 0 } };
        string last = special[^1];
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(
            [
                .. special.Select((token, id) => (JsonNode)new JsonObject
                {
                    ["id"] = id,
                    ["content"] = token,
                    ["single_word"] = false,
                    ["lstrip"] = token == "</s>",
                    ["rstrip"] = token == "<s>",
                    ["normalized"] = false,
                    ["special"] = true,
                }),
                new JsonObject
                {
                    ["id"] = model.Pieces.Length,
                    ["content"] = "Hello World",
                    ["single_word"] = true,
                    ["lstrip"] = false,
                    ["rstrip"] = true,
                    ["normalized"] = true,
                    ["special"] = false,
                },
            ]),
            ["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = JsonNode.Parse(normalizers.Replace("MAP", $"\"{map}\"", StringComparison.Ordinal)) },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = JsonNode.Parse(preTokenizers) },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(text, end),
                ["pair"] = new JsonArray(
                    text.DeepClone(),
                    end.DeepClone(),
                    JsonNode.Parse("""{"Sequence": {"id": "B", "type_id": 1}}"""),
                    JsonNode.Parse("""{"SpecialToken": {"id": "</s>", "type_id": 1}}"""),
                    JsonNode.Parse($$$"""{"SpecialToken": {"id": "{{{last}}}", "type_id": 2}}""")),
                ["special_tokens"] = new JsonObject
                {
                    ["</s>"] = JsonNode.Parse("""{"id": "</s>", "ids": [2], "tokens": ["</s>"]}"""),
                    [last] = JsonNode.Parse($$"""{"id": "{{last}}", "ids": [{{special.Length - 1}}], "tokens": ["{{last}}"]}"""),
                },
            },
            ["decoder"] = JsonNode.Parse(decoder),
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = 0,
                ["vocab"] = new JsonArray([.. model.Pieces.Select(piece => (JsonNode)new JsonArray(piece.Text, (double)piece.Score))]),
                ["byte_fallback"] = bytes,
            },
        });
    }
}
