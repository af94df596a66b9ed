using System.Text;
using Moiety.Models.Tokenizers;

namespace Moiety.Parity.Tests;

/// <summary>A GGUF file of version 3 with a byte-level vocabulary and no tensors, written here value by value.</summary>
internal static class VocabularyGguf
{
    private const int UInt32 = 4;
    private const int Int32 = 5;
    private const int Single = 6;
    private const int Text = 8;
    private const int Array = 9;

    public static byte[] Write(GgufTokenizerData data)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        List<(string Key, Action Write)> values =
        [
            ("general.architecture", () => WriteText("llama")),
            ("llama.context_length", () => WriteUInt32(512)),
            ("llama.embedding_length", () => WriteUInt32(64)),
            ("llama.block_count", () => WriteUInt32(1)),
            ("llama.feed_forward_length", () => WriteUInt32(64)),
            ("llama.attention.head_count", () => WriteUInt32(1)),
            ("llama.attention.layer_norm_rms_epsilon", () =>
            {
                writer.Write(Single);
                writer.Write(1e-5f);
            }),
            ("tokenizer.ggml.model", () => WriteText(data.Model)),
            ("tokenizer.ggml.pre", () => WriteText(data.Pre!)),
            ("tokenizer.ggml.tokens", () => WriteTexts(data.Tokens)),
            ("tokenizer.ggml.token_type", () => WriteInt32s(data.TokenTypes)),
            ("tokenizer.ggml.merges", () => WriteTexts(data.Merges)),
            ("tokenizer.ggml.bos_token_id", () => WriteUInt32((uint)data.BosTokenId!)),
            ("tokenizer.ggml.eos_token_id", () => WriteUInt32((uint)data.EosTokenId!)),
        ];
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write(0L);
        writer.Write((long)values.Count);
        foreach ((string key, Action write) in values)
        {
            WriteString(key);
            write();
        }

        writer.Flush();
        return stream.ToArray();

        void WriteString(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            writer.Write((long)bytes.Length);
            writer.Write(bytes);
        }

        void WriteText(string text)
        {
            writer.Write(Text);
            WriteString(text);
        }

        void WriteUInt32(uint value)
        {
            writer.Write(UInt32);
            writer.Write(value);
        }

        void WriteTexts(IReadOnlyCollection<string> texts)
        {
            writer.Write(Array);
            writer.Write(Text);
            writer.Write((long)texts.Count);
            foreach (string text in texts)
            {
                WriteString(text);
            }
        }

        void WriteInt32s(IReadOnlyCollection<int> numbers)
        {
            writer.Write(Array);
            writer.Write(Int32);
            writer.Write((long)numbers.Count);
            foreach (int number in numbers)
            {
                writer.Write(number);
            }
        }
    }
}
