using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Names = Moiety.Models.Configuration.TensorNames;

namespace Moiety.Testing;

/// <summary>
/// A model of any architecture with random weights, in memory. The same configuration, seed and format give the same weights on
/// every machine; a tensor's values depend on its name, not on what else there is. Projections have the given format, norms
/// and routers are F32.
/// </summary>
public sealed unsafe class RandomCheckpoint : Checkpoint
{
    private readonly Dictionary<string, Matrix> _tensors = [];
    private readonly List<nint> _memory = [];
    private readonly ulong _seed;

    public RandomCheckpoint(ModelConfig config, ulong seed, StorageFormat? format = null)
    {
        Config = config;
        _seed = seed;
        format ??= StorageFormats.F32;
        Fill(config, format);
    }

    ~RandomCheckpoint() => Dispose(disposing: false);

    public override string Path => $"random ({Config.Family}, seed {_seed})";

    public override ModelConfig Config { get; }

    public override Tokenizer? Tokenizer => null;

    public override IReadOnlyCollection<string> TensorNames => _tensors.Keys;

    public override Matrix GetTensor(string name) => _tensors.TryGetValue(name, out Matrix? matrix)
        ? matrix
        : throw new InvalidCheckpointException(Path, name, "there is no such tensor.");

    /// <summary>Replaces a tensor, for tests of broken models.</summary>
    public void SetTensor(string name, int rows, int columns, ReadOnlySpan<float> values, StorageFormat? format = null)
    {
        format ??= StorageFormats.F32;
        long bytes = format.RowBytes(columns) * rows;
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 64);
        _memory.Add((nint)data);
        for (int row = 0; row < rows; row++)
        {
            format.Quantize(values.Slice(row * columns, columns), new Span<byte>(data + row * format.RowBytes(columns), (int)format.RowBytes(columns)));
        }

        _tensors[name] = new Matrix(format, rows, columns, data, this);
    }

    /// <summary>Removes a tensor, for tests of broken models.</summary>
    public void RemoveTensor(string name) => _tensors.Remove(name);

    /// <summary>The values of a tensor, row-major.</summary>
    public float[] Values(string name)
    {
        Matrix matrix = GetTensor(name);
        float[] values = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Dequantize(
                new ReadOnlySpan<byte>(matrix.Data + row * matrix.RowBytes, (int)matrix.RowBytes), values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return values;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (nint memory in _memory)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _memory.Clear();
        _tensors.Clear();
    }

    private void Fill(ModelConfig config, StorageFormat format)
    {
        int hidden = config.HiddenSize;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        Add(Names.Embedding, config.VocabularySize, hidden, format);
        Norm(Names.FinalNorm, hidden);
        if (!config.TieWordEmbeddings)
        {
            Add(Names.Head, config.VocabularySize, hidden, format);
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            Norm(Names.AttentionNorm(layer), hidden);
            Add(Names.Query(layer), queries, hidden, format);
            Add(Names.Key(layer), keys, hidden, format);
            Add(Names.Value(layer), keys, hidden, format);
            Add(Names.AttentionOutput(layer), hidden, queries, format);
            Norm(Names.FeedForwardNorm(layer), hidden);
            FeedForward(layer, hidden, config.FeedForwards[layer], format);
        }
    }

    private void FeedForward(int layer, int hidden, FeedForwardConfig config, StorageFormat format)
    {
        if (config.Moe is not { } moe)
        {
            Gated(Names.Gate(layer), Names.Up(layer), Names.Down(layer), hidden, config.IntermediateSize, format);
            return;
        }

        Add(Names.Router(layer), moe.ExpertCount, hidden, StorageFormats.F32);
        for (int expert = 0; expert < moe.ExpertCount; expert++)
        {
            Gated(
                Names.ExpertGate(layer, expert), Names.ExpertUp(layer, expert), Names.ExpertDown(layer, expert),
                hidden, moe.ExpertIntermediateSize, format);
        }

        if (moe.Residual)
        {
            Gated(Names.ResidualGate(layer), Names.ResidualUp(layer), Names.ResidualDown(layer), hidden, config.IntermediateSize, format);
            Add(Names.Coefficient(layer), 2, hidden, StorageFormats.F32);
            Add(Names.CoefficientBias(layer), 1, 2, StorageFormats.F32);
        }
    }

    private void Gated(string gate, string up, string down, int hidden, int inner, StorageFormat format)
    {
        Add(gate, inner, hidden, format);
        Add(up, inner, hidden, format);
        Add(down, hidden, inner, format);
    }

    // Uniform of variance 1 / columns, so that activations keep their size through the layers.
    private void Add(string name, int rows, int columns, StorageFormat format) =>
        SetTensor(name, rows, columns, Uniform(name, rows * columns, 0, MathF.Sqrt(3f / columns)), format);

    private void Norm(string name, int columns) => SetTensor(name, 1, columns, Uniform(name, columns, 1, 0.3f));

    private float[] Uniform(string name, int count, float center, float radius)
    {
        ulong state = _seed ^ BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        float[] values = new float[count];
        for (int index = 0; index < count; index++)
        {
            // SplitMix64 (Steele, Lea, Flood 2014).
            ulong mixed = state += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
            mixed ^= mixed >> 31;
            values[index] = center + radius * (2 * ((mixed >> 40) * (1f / (1 << 24))) - 1);
        }

        return values;
    }
}
