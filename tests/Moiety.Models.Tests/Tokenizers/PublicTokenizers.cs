using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Tokenizers made from public files.</summary>
internal static class PublicTokenizers
{
    /// <summary>GPT-2's own files, put together as a <c>tokenizer.json</c>.</summary>
    public static byte[] Gpt2Json()
    {
        string[] lines = File.ReadAllLines(SharedData.Require("gpt2-tokenizer/vocab.bpe"));
        JsonNode vocabulary = JsonNode.Parse(File.ReadAllBytes(SharedData.Require("gpt2-tokenizer/encoder.json")))!;
        JsonObject byteLevel = new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        JsonObject root = new()
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = 50256,
                ["content"] = "<|endoftext|>",
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = true,
                ["special"] = true,
            }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = byteLevel.DeepClone(),
            ["post_processor"] = byteLevel.DeepClone(),
            ["decoder"] = byteLevel,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. lines.Skip(1).Where(line => line.Length > 0).Select(line => (JsonNode)line)]),
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    public static Tokenizer Gpt2() => TokenizerJson.Read(Gpt2Json(), null, "tokenizer.json");

    /// <summary>Llama.cpp's vocabulary tests: texts, and the ids that it must give for each.</summary>
    public static IEnumerable<(string Text, int[] Ids)> LlamaCppCases(string name)
    {
        const string Separator = "\n__ggml_vocab_test__\n";
        string path = SharedData.Require($"llamacpp-vocab/ggml-vocab-{name}.gguf.inp");
        string[] texts = File.ReadAllText(path, Encoding.UTF8).Split(Separator);
        string[] lines = File.ReadAllLines(SharedData.Require($"llamacpp-vocab/ggml-vocab-{name}.gguf.out"));
        for (int i = 0; i < lines.Length; i++)
        {
            yield return (texts[i], [.. lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]);
        }
    }

    /// <summary>The tests of the Hugging Face tokenizers of a model.</summary>
    public static IEnumerable<(string Text, int[] Ids)> HuggingFaceCases(string model)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("hf-tokenizer-tests/tokenizer_tests.json")));
        foreach (JsonElement item in document.RootElement.GetProperty(model).EnumerateArray())
        {
            JsonElement input = item.GetProperty("input");
            if (input.ValueKind == JsonValueKind.String)
            {
                yield return (
                    input.GetString()!,
                    [.. item.GetProperty("encoded").GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32())]);
            }
        }
    }
}
