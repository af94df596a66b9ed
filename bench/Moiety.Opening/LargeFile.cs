using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Numerics.Formats;

namespace Moiety.Opening;

/// <summary>A GGUF file with the header of a large model and a hole in place of its weights.</summary>
public static class LargeFile
{
    private const int Layers = 32;
    private const int Hidden = 4096;
    private const int KeyValueRows = 1024;
    private const int Inner = 14336;
    private const int Vocabulary = 128_256;
    private const int SpecialTokens = 256;

    /// <summary>Writes the file.</summary>
    public static void Write(string path)
    {
        GgufMetadata metadata = new(path);
        metadata.Set("general.architecture", GgufValue.Of("llama"));
        foreach ((string key, int value) in new[]
        {
            ("vocab_size", Vocabulary), ("context_length", 8192), ("embedding_length", Hidden), ("block_count", Layers), ("feed_forward_length", Inner),
            ("attention.head_count", 32), ("attention.head_count_kv", 8), ("rope.dimension_count", 128),
        })
        {
            metadata.Set($"llama.{key}", GgufValue.OfSize(value));
        }

        metadata.Set("llama.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f));
        metadata.Set("llama.rope.freq_base", GgufValue.Of(500000f));
        AddTokenizer(metadata);
        TensorDeclaration[] tensors = [.. Tensors()];
        using MemoryStream header = new();
        GgufFileWriter writer = new(header, metadata, tensors);
        writer.Write(tensors[0], []);
        using FileStream file = File.Create(path);
        file.Write(header.ToArray());
        file.SetLength(writer.FileBytes);
    }

    private static IEnumerable<TensorDeclaration> Tensors()
    {
        static TensorDeclaration Matrix(string name, long rows, long columns) => new(name, StorageFormats.Q4_0, [rows, columns]);
        static TensorDeclaration Vector(string name) => new(name, StorageFormats.F32, [Hidden]);
        yield return Matrix("token_embd.weight", Vocabulary, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            yield return Vector($"blk.{layer}.attn_norm.weight");
            yield return Matrix($"blk.{layer}.attn_q.weight", Hidden, Hidden);
            yield return Matrix($"blk.{layer}.attn_k.weight", KeyValueRows, Hidden);
            yield return Matrix($"blk.{layer}.attn_v.weight", KeyValueRows, Hidden);
            yield return Matrix($"blk.{layer}.attn_output.weight", Hidden, Hidden);
            yield return Vector($"blk.{layer}.ffn_norm.weight");
            yield return Matrix($"blk.{layer}.ffn_gate.weight", Inner, Hidden);
            yield return Matrix($"blk.{layer}.ffn_up.weight", Inner, Hidden);
            yield return Matrix($"blk.{layer}.ffn_down.weight", Hidden, Inner);
        }

        yield return Vector("output_norm.weight");
        yield return Matrix("output.weight", Vocabulary, Hidden);
    }

    // Every word of up to three syllables, and words of four until the vocabulary is full; each way to cut a word is a merge.
    private static void AddTokenizer(GgufMetadata metadata)
    {
        string[] syllables = [.. "bdfklmnr".SelectMany(consonant => "aeiouy".Select(vowel => $"{consonant}{vowel}"))];
        List<string> tokens = [.. Alphabet(), .. syllables];
        List<string> merges = [.. syllables.Select(syllable => $"{syllable[0]} {syllable[1]}")];
        IEnumerable<string> words = syllables;
        for (int length = 2; length <= 4; length++)
        {
            words = [.. words.SelectMany(word => syllables.Select(syllable => word + syllable)).Take(Vocabulary - SpecialTokens - tokens.Count)];
            foreach (string word in words)
            {
                tokens.Add(word);
                merges.AddRange(Enumerable.Range(1, length - 1).Select(cut => $"{word[..(2 * cut)]} {word[(2 * cut)..]}"));
            }
        }

        tokens.AddRange(Enumerable.Range(0, SpecialTokens).Select(i => $"<|special_{i}|>"));
        metadata.Set("tokenizer.ggml.model", GgufValue.Of("gpt2"));
        metadata.Set("tokenizer.ggml.pre", GgufValue.Of("llama-bpe"));
        metadata.Set("tokenizer.ggml.tokens", GgufValue.Of([.. tokens]));
        metadata.Set("tokenizer.ggml.token_type", GgufValue.Of([.. Enumerable.Range(0, Vocabulary).Select(id => id < Vocabulary - SpecialTokens ? 1 : 3)]));
        metadata.Set("tokenizer.ggml.merges", GgufValue.Of([.. merges]));
        metadata.Set("tokenizer.ggml.bos_token_id", GgufValue.OfSize(Vocabulary - SpecialTokens));
        metadata.Set("tokenizer.ggml.eos_token_id", GgufValue.OfSize(Vocabulary - SpecialTokens + 1));
    }

    // GPT-2's 256 characters for bytes: printable ones stand for themselves, the others for those from 256 up.
    private static IEnumerable<string> Alphabet()
    {
        static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        int next = 256;
        return Enumerable.Range(0, 256).Select(value => new Rune(IsPrintable(value) ? value : next++).ToString()).ToArray();
    }
}
