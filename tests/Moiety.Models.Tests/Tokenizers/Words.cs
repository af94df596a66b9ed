using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>The words that a pre-tokenizer cuts a text into: ours, and those of Hugging Face's library.</summary>
internal sealed class Words
{
    private const string Continued = "##";
    private static readonly string[] Alphabet = [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.Spell([(byte)value]))];
    private readonly PreTokenizer _ours;
    private readonly HuggingFaceTokenizer _oracle;

    /// <param name="preTokenizer">The component as it stands in a <c>tokenizer.json</c>.</param>
    public Words(string preTokenizer)
    {
        _ours = PreTokenizerReader.Read(JsonField.Parse("tokenizer.json", Encoding.UTF8.GetBytes(preTokenizer)));
        _oracle = new HuggingFaceTokenizer(WordTokenizer(JsonNode.Parse(preTokenizer)!));
    }

    public static List<string> Of(PreTokenizer preTokenizer, string text)
    {
        WordList words = new(Encoding.UTF8.GetBytes(text), first: true);
        preTokenizer.Apply(ref words);
        List<string> result = [];
        for (int i = 0; i < words.Count; i++)
        {
            result.Add(Encoding.Latin1.GetString(words[i]));
        }

        words.Dispose();
        return result;
    }

    public void AssertSame(string text) => Assert.Equal(Oracle(text), Of(_ours, text));

    // Ids below 256 begin a word, the others continue it.
    private List<string> Oracle(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        foreach (int id in _oracle.Encode(text))
        {
            if (id < 256 && word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }

            word.Append((char)(id & 255));
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    // A vocabulary of bytes without merges, in which the bytes at the start of a word are tokens of their own.
    private static byte[] WordTokenizer(JsonNode preTokenizer)
    {
        JsonArray stages = preTokenizer["type"]!.GetValue<string>() == "Sequence"
            ? new JsonArray([.. preTokenizer["pretokenizers"]!.AsArray().Select(stage => stage!.DeepClone())])
            : new JsonArray(preTokenizer.DeepClone());
        if (!stages.Any(stage => stage!["type"]!.GetValue<string>() == "ByteLevel"))
        {
            stages.Add(new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false });
        }

        JsonObject vocabulary = [];
        for (int id = 0; id < 512; id++)
        {
            vocabulary[(id < 256 ? "" : Continued) + Alphabet[id & 255]] = id;
        }

        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = stages },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["continuing_subword_prefix"] = Continued,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        });
    }
}
