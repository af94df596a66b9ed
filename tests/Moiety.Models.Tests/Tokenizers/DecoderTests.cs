using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Decoders give the text that Hugging Face's library gives, all at once and token by token.</summary>
public class DecoderTests
{
    private static readonly string[] Pieces =
    [
        "<unk>", "▁the", "▁", "▁▁", "the", "##ing", "##", "a▁b", ".", "?", "!", ",", "'", "n't", "'m", "do", "not", "do not", "'s", "'ve", "'re", "ab", "b", " x", "x ", "  ",
        "<0x41>", "<0x20>", "<0xC3>", "<0xA9>", "<0xE2>", "<0x96>", "<0x81>", "é", "🚀", "<0xZZ>", "\n", "xx",
    ];

    [Theory]
    [InlineData("""{"type": "WordPiece", "prefix": "##", "cleanup": true}""")]
    [InlineData("""{"type": "WordPiece", "prefix": "##", "cleanup": false}""")]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""")]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true}""")]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": true}""")]
    [InlineData("""{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}""")]
    [InlineData("""{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}""")]
    [InlineData("""{"type": "Sequence", "decoders": [{"type": "Strip", "content": "x", "start": 1, "stop": 1}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}]}""")]
    [InlineData("""{"type": "Sequence", "decoders": [{"type": "WordPiece", "prefix": "##", "cleanup": true}, {"type": "Replace", "pattern": {"String": "b"}, "content": ""}]}""")]
    public void Texts_are_those_of_Hugging_Faces_library(string decoder)
    {
        byte[] json = Json(decoder);
        HuggingFaceTokenizer oracle = new(json);
        Tokenizer tokenizer = TokenizerJson.Read(json, null, "tokenizer.json");
        Tokenizer again = TokenizerJson.Read(TokenizerJson.Write(tokenizer), null, "tokenizer.json");
        Gen.Int[0, Pieces.Length].Array[1, 10].Sample(
            ids =>
            {
                string text = tokenizer.Decode(ids);
                Assert.Equal(text, again.Decode(ids));
                Assert.Equal(text, Stream(tokenizer, ids));

                // Runs of bytes that are not UTF-8 as a whole give other replacement characters there.
                if (!text.Contains('\ufffd', StringComparison.Ordinal))
                {
                    Assert.Equal(oracle.Decode(ids), text);
                }
            },
            iter: 3000,
            threads: 1);
    }

    [Theory]
    [InlineData("""{"type": "CTC", "pad_token": "x", "word_delimiter_token": "|", "cleanup": true}""", "CTC is not supported")]
    [InlineData("""{"type": "BPEDecoder", "suffix": "</w>"}""", "BPEDecoder is not supported")]
    [InlineData("""{"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 2, "stop": 0}]}""", "Strip of 2 and 0")]
    [InlineData("""{"type": "Strip", "content": "xy", "start": 1, "stop": 0}""", "one character")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "a"}, "content": ""}""", "Regex")]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "often"}""", "prepend_scheme")]
    public void What_is_not_supported_is_refused_by_name(string decoder, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidCheckpointException>(() => TokenizerJson.Read(Json(decoder), null, "tokenizer.json")).Message);

    private static string Stream(Tokenizer tokenizer, int[] ids)
    {
        ArrayBufferWriter<char> output = new();
        IncrementalDecoder decoder = new(tokenizer);
        foreach (int id in ids)
        {
            decoder.Append(id, output);
        }

        decoder.Flush(output);
        return output.WrittenSpan.ToString();
    }

    private static byte[] Json(string decoder) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray(
            JsonNode.Parse("""{"id": 0, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}"""),
            JsonNode.Parse($$"""{"id": {{Pieces.Length}}, "content": "▁new word", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false}""")),
        ["normalizer"] = null,
        ["pre_tokenizer"] = JsonNode.Parse("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": true}"""),
        ["decoder"] = JsonNode.Parse(decoder),
        ["model"] = new JsonObject
        {
            ["type"] = "Unigram",
            ["unk_id"] = 0,
            ["vocab"] = new JsonArray([.. Pieces.Select(piece => (JsonNode)new JsonArray(piece, -1.0))]),
            ["byte_fallback"] = false,
        },
    });
}
