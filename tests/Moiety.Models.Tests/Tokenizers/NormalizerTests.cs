using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Normalizers do what those of Hugging Face's library do: it is asked for the bytes of a normalized text, as tokens.</summary>
public class NormalizerTests
{
    public static TheoryData<string> All =>
    [
        """{"type": "NFC"}""",
        """{"type": "NFD"}""",
        """{"type": "NFKC"}""",
        """{"type": "NFKD"}""",
        """{"type": "Nmt"}""",
        """{"type": "Lowercase"}""",
        """{"type": "Strip", "strip_left": true, "strip_right": true}""",
        """{"type": "Strip", "strip_left": false, "strip_right": true}""",
        """{"type": "StripAccents"}""",
        """{"type": "Replace", "pattern": {"String": "aa"}, "content": "b"}""",
        """{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}""",
        """{"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}""",
        """{"type": "Replace", "pattern": {"Regex": "(?:''|``)[\"']?|[0-9]{2}"}, "content": "$1"}""",
        """{"type": "Replace", "pattern": {"Regex": "(?<=a)[^b\\s]|(?i:S)+$|\\d(?!\\d)"}, "content": "_"}""",
        """{"type": "Prepend", "prepend": "▁"}""",
        """{"type": "ByteLevel"}""",
        """{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}""",
        """{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": false}""",
        """{"type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": false, "strip_accents": false, "lowercase": true}""",
        """{"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}""",
        """{"type": "Sequence", "normalizers": []}""",
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Texts_are_normalized_as_by_Hugging_Faces_library(string normalizer)
    {
        HuggingFaceTokenizer oracle = Oracle(normalizer);
        Normalizer own = Read(normalizer);
        foreach (string text in RandomTexts.Create(seed: 1))
        {
            Assert.True(Expected(oracle, text) == own.Apply(text), $"{JsonSerializer.Serialize(text)}: {JsonSerializer.Serialize(Expected(oracle, text))} | {JsonSerializer.Serialize(own.Apply(text))}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_character_is_normalized_as_by_Hugging_Faces_library(string normalizer)
    {
        HuggingFaceTokenizer oracle = Oracle(normalizer);
        Normalizer own = Read(normalizer);
        List<string> different = [];
        for (int codePoint = 1; codePoint < 0x110000; codePoint++)
        {
            // Of the large blocks, where all characters are alike, a part will do.
            bool alike = codePoint is (> 0x3410 and < 0x4DB0) or (> 0x4E10 and < 0x9FE0) or (> 0xA010 and < 0xA480) or (> 0xAC20 and < 0xD790) or (> 0xE010 and < 0xF8F0)
                or (> 0x12010 and < 0x16000) or (> 0x17010 and < 0x1B000) or (> 0x1FC00 and < 0x2F800) or > 0x2FA20;
            if (!Rune.IsValid(codePoint) || (alike && codePoint % 397 != 0))
            {
                continue;
            }

            string text = $"a{new Rune(codePoint)}b";
            if (Expected(oracle, text) != own.Apply(text))
            {
                different.Add($"U+{codePoint:X4}");
            }
        }

        Assert.True(different.Count == 0, $"{different.Count}: {string.Join(' ', different.Take(900))}");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_written_is_read_as_the_same(string normalizer)
    {
        Normalizer own = Read(normalizer);
        Normalizer again = Read(Encoding.UTF8.GetString(Write(own)));
        Assert.Equal(Write(own), Write(again));
        Assert.Equal(own.GetType(), again.GetType());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Bytes_that_are_not_UTF8_pass(string normalizer)
    {
        ByteBuffer output = new(16);
        Read(normalizer).Normalize([(byte)'x', 0xC3, 0xFF, (byte)'y', 0xE2, 0x96], ref output);
        Assert.True(normalizer.Contains("ByteLevel", StringComparison.Ordinal) || output.Bytes.IndexOf((byte)0xFF) >= 0);
        output.Dispose();
    }

    [Fact]
    public void Long_runs_of_marks_take_no_quadratic_time()
    {
        string marks = "a" + string.Concat(Enumerable.Range(0, 300_000).Select(i => i % 2 == 0 ? "\u0301" : "\u0323"));
        Assert.Equal(marks.Length - 1, new UnicodeNormalizer(UnicodeForm.Nfc).Apply(marks).Length);
        Assert.Equal(marks.Length, new UnicodeNormalizer(UnicodeForm.Nfd).Apply(marks).Length);
    }

    [Theory]
    [InlineData("""{"type": "Uppercase"}""", "Uppercase is not supported")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "(a"}, "content": ""}""", "has no closing one")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "a*"}, "content": ""}""", "empty text")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "(a)\\1"}, "content": ""}""", "\\1 is not supported")]
    [InlineData("""{"type": "Replace", "pattern": {"String": ""}, "content": ""}""", "not empty")]
    [InlineData("""{"type": "Precompiled", "precompiled_charsmap": "%"}""", "base64")]
    [InlineData("""{"type": "Precompiled", "precompiled_charsmap": "//////8="}""", "precompiled_charsmap")]
    public void What_is_not_supported_is_refused_by_name(string normalizer, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidCheckpointException>(() => Read(normalizer)).Message);

    private static Normalizer Read(string normalizer) => NormalizerTypes.Read(JsonField.Parse("tokenizer.json", Encoding.UTF8.GetBytes(normalizer)));

    private static byte[] Write(Normalizer normalizer)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            normalizer.Write(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static string Expected(HuggingFaceTokenizer oracle, string text) => Encoding.UTF8.GetString([.. oracle.Encode(text).Select(id => (byte)id)]);

    private static HuggingFaceTokenizer Oracle(string normalizer)
    {
        JsonObject vocabulary = [];
        for (int value = 0; value < 256; value++)
        {
            vocabulary[ByteAlphabet.CharacterOf((byte)value).ToString()] = value;
        }

        JsonObject byteLevel = new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
        return new HuggingFaceTokenizer(JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = JsonNode.Parse(normalizer),
            ["pre_tokenizer"] = byteLevel,
            ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        }));
    }
}
