using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Parity.Tests.Models;

/// <summary>
/// A GGUF v3 file of a random Llama or Mixtral in F32, written from the format's description alone
/// (ggml/docs/gguf.md), so that it can test both llama.cpp's reading and ours without our own writer.
/// </summary>
public sealed unsafe class GgufFixture
{
    private const int Alignment = 32;
    private const int Uint32 = 4;
    private const int Int32 = 5;
    private const int Float32 = 6;
    private const int StringType = 8;
    private const int ArrayType = 9;

    private readonly MemoryStream _metadata = new();
    private readonly MemoryStream _infos = new();
    private readonly List<byte[]> _payloads = [];
    private ulong _metadataCount;
    private ulong _offset;

    private GgufFixture(Checkpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        WriteConfiguration(config);
        WriteTokenizer(config);
        AddTensor("token_embd.weight", checkpoint.GetTensor(TensorNames.Embedding));
        AddTensor("output_norm.weight", checkpoint.GetTensor(TensorNames.FinalNorm), vector: true);
        if (!config.TieWordEmbeddings)
        {
            AddTensor("output.weight", checkpoint.GetTensor(TensorNames.Head));
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            AddLayer(checkpoint, layer);
        }
    }

    /// <summary>Writes the file.</summary>
    public static void Write(string path, Checkpoint checkpoint)
    {
        GgufFixture fixture = new(checkpoint);
        using FileStream file = File.Create(path);
        using BinaryWriter writer = new(file);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)fixture._payloads.Count);
        writer.Write(fixture._metadataCount);
        writer.Write(fixture._metadata.ToArray());
        writer.Write(fixture._infos.ToArray());
        foreach (byte[] payload in fixture._payloads)
        {
            writer.Write(new byte[(Alignment - (file.Position % Alignment)) % Alignment]);
            writer.Write(payload);
        }
    }

    private void WriteConfiguration(ModelConfig config)
    {
        Put("general.architecture", "llama");
        Put("llama.vocab_size", (uint)config.VocabularySize);
        Put("llama.context_length", (uint)config.ContextLength);
        Put("llama.embedding_length", (uint)config.HiddenSize);
        Put("llama.block_count", (uint)config.LayerCount);
        Put("llama.attention.head_count", (uint)config.HeadCount);
        Put("llama.attention.head_count_kv", (uint)config.KeyValueHeadCount);
        Put("llama.attention.key_length", (uint)config.HeadSize);
        Put("llama.attention.value_length", (uint)config.HeadSize);
        Put("llama.attention.layer_norm_rms_epsilon", config.NormEpsilon);
        Put("llama.rope.dimension_count", (uint)config.HeadSize);
        Put("llama.rope.freq_base", config.Rotary!.Theta);
        MoeConfig? moe = config.FeedForwards[0].Moe;
        Put("llama.feed_forward_length", (uint)(moe?.ExpertIntermediateSize ?? config.FeedForwards[0].IntermediateSize));
        if (moe is not null)
        {
            Put("llama.expert_count", (uint)moe.ExpertCount);
            Put("llama.expert_used_count", (uint)moe.TopK);
        }
    }

    // A SentencePiece vocabulary: unknown, begin, end, the 256 bytes, then made-up words.
    private void WriteTokenizer(ModelConfig config)
    {
        Put("tokenizer.ggml.model", "llama");
        string[] pieces = [.. Enumerable.Range(0, config.VocabularySize).Select(id => id switch
        {
            0 => "<unk>",
            1 => "<s>",
            2 => "</s>",
            < 259 => $"<0x{id - 3:X2}>",
            _ => $"\u2581w{id}",
        })];
        int[] types = [.. Enumerable.Range(0, config.VocabularySize).Select(id => id switch { 0 => 2, 1 or 2 => 3, < 259 => 6, _ => 1 })];
        PutArray("tokenizer.ggml.tokens", StringType, pieces.Length, writer => Array.ForEach(pieces, piece => WriteString(writer, piece)));
        PutArray("tokenizer.ggml.scores", Float32, pieces.Length, writer => Array.ForEach(pieces, _ => writer.Write(0f)));
        PutArray("tokenizer.ggml.token_type", Int32, pieces.Length, writer => Array.ForEach(types, writer.Write));
        Put("tokenizer.ggml.bos_token_id", 1u);
        Put("tokenizer.ggml.eos_token_id", 2u);
    }

    private void AddLayer(Checkpoint checkpoint, int layer)
    {
        ModelConfig config = checkpoint.Config;
        AddTensor($"blk.{layer}.attn_norm.weight", checkpoint.GetTensor(TensorNames.AttentionNorm(layer)), vector: true);
        AddRotated($"blk.{layer}.attn_q.weight", checkpoint.GetTensor(TensorNames.Query(layer)), config);
        AddRotated($"blk.{layer}.attn_k.weight", checkpoint.GetTensor(TensorNames.Key(layer)), config);
        AddTensor($"blk.{layer}.attn_v.weight", checkpoint.GetTensor(TensorNames.Value(layer)));
        AddTensor($"blk.{layer}.attn_output.weight", checkpoint.GetTensor(TensorNames.AttentionOutput(layer)));
        AddTensor($"blk.{layer}.ffn_norm.weight", checkpoint.GetTensor(TensorNames.FeedForwardNorm(layer)), vector: true);
        if (config.FeedForwards[layer].Moe is { } moe)
        {
            AddTensor($"blk.{layer}.ffn_gate_inp.weight", checkpoint.GetTensor(TensorNames.Router(layer)));
            AddExperts($"blk.{layer}.ffn_gate_exps.weight", moe.ExpertCount, expert => checkpoint.GetTensor(TensorNames.ExpertGate(layer, expert)));
            AddExperts($"blk.{layer}.ffn_up_exps.weight", moe.ExpertCount, expert => checkpoint.GetTensor(TensorNames.ExpertUp(layer, expert)));
            AddExperts($"blk.{layer}.ffn_down_exps.weight", moe.ExpertCount, expert => checkpoint.GetTensor(TensorNames.ExpertDown(layer, expert)));
        }
        else
        {
            AddTensor($"blk.{layer}.ffn_gate.weight", checkpoint.GetTensor(TensorNames.Gate(layer)));
            AddTensor($"blk.{layer}.ffn_up.weight", checkpoint.GetTensor(TensorNames.Up(layer)));
            AddTensor($"blk.{layer}.ffn_down.weight", checkpoint.GetTensor(TensorNames.Down(layer)));
        }
    }

    // llama.cpp's Llama rotates neighbors (2i, 2i + 1): rows i and i + d/2 of every head become neighbors.
    private void AddRotated(string name, Matrix tensor, ModelConfig config)
    {
        float[] values = Values(tensor);
        if (!config.Rotary!.Interleaved)
        {
            int half = config.HeadSize / 2;
            float[] original = [.. values];
            for (int row = 0; row < tensor.Rows; row++)
            {
                int inHead = row % config.HeadSize;
                int target = row - inHead + (inHead < half ? 2 * inHead : (2 * (inHead - half)) + 1);
                original.AsSpan(row * tensor.Columns, tensor.Columns).CopyTo(values.AsSpan(target * tensor.Columns));
            }
        }

        AddPayload(name, [tensor.Columns, tensor.Rows], values);
    }

    private void AddTensor(string name, Matrix tensor, bool vector = false) =>
        AddPayload(name, vector ? [tensor.Columns] : [tensor.Columns, tensor.Rows], Values(tensor));

    private void AddExperts(string name, int count, Func<int, Matrix> expert)
    {
        Matrix first = expert(0);
        AddPayload(name, [first.Columns, first.Rows, count], [.. Enumerable.Range(0, count).SelectMany(index => Values(expert(index)))]);
    }

    private static float[] Values(Matrix tensor)
    {
        Assert.Equal(StorageFormats.F32, tensor.Format);
        return new Span<float>(tensor.Data, tensor.Rows * tensor.Columns).ToArray();
    }

    private void AddPayload(string name, int[] dimensions, float[] data)
    {
        using BinaryWriter writer = new(_infos, Encoding.UTF8, leaveOpen: true);
        WriteString(writer, name);
        writer.Write((uint)dimensions.Length);
        foreach (int dimension in dimensions)
        {
            writer.Write((ulong)dimension);
        }

        writer.Write(0u);
        writer.Write(_offset);
        byte[] bytes = new byte[data.Length * sizeof(float)];
        Buffer.BlockCopy(data, 0, bytes, 0, bytes.Length);
        _payloads.Add(bytes);
        _offset += (ulong)((bytes.Length + Alignment - 1) / Alignment * Alignment);
    }

    private void Put(string key, uint value) => PutValue(key, Uint32, writer => writer.Write(value));

    private void Put(string key, float value) => PutValue(key, Float32, writer => writer.Write(value));

    private void Put(string key, string value) => PutValue(key, StringType, writer => WriteString(writer, value));

    private void PutArray(string key, int type, int count, Action<BinaryWriter> values) => PutValue(key, ArrayType, writer =>
    {
        writer.Write((uint)type);
        writer.Write((ulong)count);
        values(writer);
    });

    private void PutValue(string key, int type, Action<BinaryWriter> value)
    {
        using BinaryWriter writer = new(_metadata, Encoding.UTF8, leaveOpen: true);
        WriteString(writer, key);
        writer.Write((uint)type);
        value(writer);
        _metadataCount++;
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
