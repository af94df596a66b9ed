using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Evaluation.Speed;

/// <summary>
/// A model with random weights in memory, for measuring speed without a file. Matrices are put together from pieces of one
/// pool of random blocks, so that a model of a billion parameters is there in a second.
/// </summary>
public sealed unsafe class RandomModel : Checkpoint
{
    private const int PoolElements = 1 << 20;

    private readonly Dictionary<string, Matrix> _tensors = [];
    private readonly List<AlignedBuffer> _buffers = [];
    private ulong _random = 0x9E3779B97F4A7C15;

    /// <summary>Makes a model.</summary>
    /// <param name="preset">Its shape.</param>
    /// <param name="format">Format of its matrices, or what takes its place where rows are no whole number of blocks; norms, routers and biases are F32.</param>
    public RandomModel(ModelPreset preset, StorageFormat format)
    {
        ArgumentNullException.ThrowIfNull(preset);
        ArgumentNullException.ThrowIfNull(format);
        Path = $"random {preset.Name} ({format.Name})";
        Config = preset.Config;
        Dictionary<StorageFormat, byte[]> pools = [];
        foreach (TensorSpec spec in TensorCatalog.For(Config))
        {
            bool single = spec.IsVector || spec.Role is TensorRole.Router or TensorRole.Coefficient;
            if (single)
            {
                _tensors[spec.Name] = CreateSingle(spec);
                continue;
            }

            StorageFormat own = format.ForColumns(spec.Columns);
            if (!pools.TryGetValue(own, out byte[]? pool))
            {
                pools[own] = pool = CreatePool(own);
            }

            _tensors[spec.Name] = CreateMatrix(spec, own, pool);
        }
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override Tokenizer? Tokenizer => null;

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> TensorNames => _tensors.Keys;

    /// <inheritdoc/>
    public override Matrix GetTensor(string name) => _tensors.TryGetValue(name, out Matrix? matrix)
        ? matrix
        : throw new InvalidCheckpointException(Path, name, "there is no such tensor.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _buffers.ForEach(buffer => buffer.Dispose());
        }
    }

    // Values of a standard deviation near 1 / sqrt(hidden size) keep activations in range.
    private byte[] CreatePool(StorageFormat format)
    {
        float scale = 2 / MathF.Sqrt(Config.HiddenSize);
        float[] values = new float[PoolElements];
        foreach (ref float value in values.AsSpan())
        {
            value = (Uniform() + Uniform() - 1) * scale;
        }

        byte[] pool = new byte[format.RowBytes(PoolElements)];
        format.Quantize(values, pool);
        return pool;
    }

    private Matrix CreateSingle(TensorSpec spec)
    {
        AlignedBuffer buffer = Allocate(spec.ElementCount * sizeof(float));
        Span<float> values = buffer.Span<float>(0, checked((int)spec.ElementCount));
        foreach (ref float value in values)
        {
            value = spec.Role switch
            {
                TensorRole.Router or TensorRole.Coefficient => Uniform() - 0.5f,
                TensorRole.CoefficientBias or TensorRole.ExpertTable => 0,
                _ => 1,
            };
        }

        return new Matrix(StorageFormats.F32, spec.Rows, spec.Columns, buffer.Pointer, buffer);
    }

    private Matrix CreateMatrix(TensorSpec spec, StorageFormat format, byte[] pool)
    {
        long rowBytes = format.RowBytes(spec.Columns);
        AlignedBuffer buffer = Allocate(rowBytes * spec.Rows);
        long done = 0;
        while (done < buffer.ByteLength)
        {
            // A piece from a random block on, to the end of the pool at most.
            int start = (int)(Next() % (ulong)(PoolElements / format.BlockLength)) * format.BlockBytes;
            int length = (int)Math.Min(pool.Length - start, buffer.ByteLength - done);
            pool.AsSpan(start, length).CopyTo(buffer.Span<byte>(done, length));
            done += length;
        }

        return new Matrix(format, spec.Rows, spec.Columns, buffer.Pointer, buffer);
    }

    private AlignedBuffer Allocate(long bytes)
    {
        AlignedBuffer buffer = new(bytes, PageKind.Huge);
        _buffers.Add(buffer);
        return buffer;
    }

    private float Uniform() => (Next() >> 40) * (1f / (1 << 24));

    // xorshift64* (Vigna, arXiv 1402.6246).
    private ulong Next()
    {
        _random ^= _random >> 12;
        _random ^= _random << 25;
        _random ^= _random >> 27;
        return _random * 0x2545F4914F6CDD1D;
    }
}
