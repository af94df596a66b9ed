using System.Runtime.InteropServices;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Testing;

/// <summary>
/// A model of any architecture with <see cref="RandomWeights"/>, in memory. Projections have the given format, norms and routers
/// are F32.
/// </summary>
public sealed unsafe class RandomCheckpoint : Checkpoint
{
    private readonly Dictionary<string, Matrix> _tensors = [];
    private readonly List<nint> _memory = [];
    private readonly ulong _seed;

    public RandomCheckpoint(ModelConfig config, ulong seed, StorageFormat? format = null, GenerationConfig? generation = null)
    {
        Config = config;
        Generation = generation;
        _seed = seed;
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            bool single = tensor.IsVector || tensor.Role is TensorRole.Router or TensorRole.Coefficient;
            SetTensor(tensor.Name, tensor.Rows, tensor.Columns, RandomWeights.Values(tensor, config, seed), single ? StorageFormats.F32 : format?.ForColumns(tensor.Columns));
        }
    }

    ~RandomCheckpoint() => Dispose(disposing: false);

    public override string Path => $"random ({Config.Family}, seed {_seed})";

    public override ModelConfig Config { get; }

    public override Tokenizer? Tokenizer => null;

    public override GenerationConfig? Generation { get; }

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
}
