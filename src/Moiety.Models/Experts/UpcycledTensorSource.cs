using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Randomness;

namespace Moiety.Models.Experts;

/// <summary>
/// The tensors of an upcycled model: experts, shared experts and fixed MLPs are the dense MLP or slices of it, mixing weights are 0 (half
/// of each), routers are random, all else is as it was. Expert c * g + s is slice s of copy c.
/// </summary>
internal sealed unsafe class UpcycledTensorSource(Checkpoint dense, ModelConfig config, UpcycleOptions options) : TensorSource
{
    private const ulong Purpose = 0x75706379636C65;

    private readonly TensorSource _tensors = From(dense);
    private readonly Dictionary<string, TensorSpec> _specs = TensorCatalog.For(dense.Config).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    private float[] _buffer = [];

    /// <inheritdoc/>
    public override StorageFormat GetFormat(TensorSpec tensor)
    {
        if (IsNew(tensor))
        {
            return StorageFormats.F32;
        }

        StorageFormat format = _tensors.GetFormat(SourceOf(tensor)).ForColumns(tensor.Columns);
        return IsChanged(tensor) && !format.CanQuantize ? StorageFormats.F32 : format;
    }

    /// <inheritdoc/>
    public override Matrix Load(TensorSpec tensor)
    {
        if (IsNew(tensor))
        {
            Span<float> fresh = Buffer(tensor);
            fresh.Clear();
            if (tensor.Role == TensorRole.Router && options.RouterDeviation > 0)
            {
                FillRouter(tensor, fresh);
            }

            return Single(tensor);
        }

        Matrix stored = _tensors.Load(SourceOf(tensor));
        if (!IsChanged(tensor))
        {
            // A slice of gate and up projections is rows of them, as they are.
            return tensor.Expert < 0 || tensor.Rows == stored.Rows
                ? stored
                : new Matrix(stored.Format, tensor.Rows, stored.Columns, stored.Data + (SliceOf(tensor) * tensor.Rows * stored.RowBytes), stored.Owner);
        }

        Span<float> values = Buffer(tensor);
        Decode(stored, tensor, values);
        AddNoise(tensor, values);
        float scale = ScaleOf(tensor);
        foreach (ref float value in values)
        {
            value *= scale;
        }

        return Single(tensor);
    }

    private bool IsNew(TensorSpec tensor) => IsUpcycled(tensor.Layer) && tensor.Role is TensorRole.Router or TensorRole.Coefficient or TensorRole.CoefficientBias;

    private bool IsUpcycled(int layer) => layer >= 0 && config.FeedForwards[layer].Moe is not null && dense.Config.FeedForwards[layer].Moe is null;

    private bool IsChanged(TensorSpec tensor) => IsUpcycled(tensor.Layer)
        && (HasNoise(tensor) || ScaleOf(tensor) != 1 || (tensor.Role == TensorRole.ExpertDown && options.SplitFactor > 1));

    private bool HasNoise(TensorSpec tensor) => options.Noise > 0 && tensor.Expert >= 0 && !tensor.IsVector;

    private float ScaleOf(TensorSpec tensor)
    {
        float half = options.Shared ? 0.5f : 1;
        return tensor.Role switch
        {
            TensorRole.SharedDown => half,
            TensorRole.ExpertDown when config.FeedForwards[tensor.Layer].Moe!.NormalizeTopK => half * options.SplitFactor,
            TensorRole.ExpertDown => half * options.SplitFactor * options.ExpertCount / options.TopK,
            _ => 1,
        };
    }

    private int SliceOf(TensorSpec tensor) => tensor.Expert % options.SplitFactor;

    private void FillRouter(TensorSpec tensor, Span<float> rows)
    {
        Xoshiro256 random = new(options.Seed, Purpose, (ulong)tensor.Layer);
        if (!options.VirtualGroups)
        {
            random.FillNormal(rows, options.RouterDeviation);
            return;
        }

        float[] copies = new float[options.ExpertCount * tensor.Columns];
        random.FillNormal(copies, options.RouterDeviation);
        for (int expert = 0; expert < tensor.Rows; expert++)
        {
            copies.AsSpan(expert / options.SplitFactor * tensor.Columns, tensor.Columns).CopyTo(rows[(expert * tensor.Columns)..]);
        }
    }

    /// <summary>The values of a tensor, or of its slice: rows of gate and up projections, columns of down projections.</summary>
    private void Decode(Matrix stored, TensorSpec tensor, Span<float> values)
    {
        int firstRow = tensor.Rows == stored.Rows ? 0 : SliceOf(tensor) * tensor.Rows;
        int firstColumn = tensor.Columns == stored.Columns ? 0 : SliceOf(tensor) * tensor.Columns;
        float[] whole = new float[stored.Columns];
        for (int row = 0; row < tensor.Rows; row++)
        {
            stored.Format.Dequantize(new ReadOnlySpan<byte>(stored.Data + ((firstRow + row) * stored.RowBytes), checked((int)stored.RowBytes)), whole);
            whole.AsSpan(firstColumn, tensor.Columns).CopyTo(values[(row * tensor.Columns)..]);
        }
    }

    private TensorSpec SourceOf(TensorSpec tensor) => _specs[!IsUpcycled(tensor.Layer) ? tensor.Name : tensor.Role switch
    {
        TensorRole.ExpertGate or TensorRole.ResidualGate or TensorRole.SharedGate => TensorNames.Gate(tensor.Layer),
        TensorRole.ExpertUp or TensorRole.ResidualUp or TensorRole.SharedUp => TensorNames.Up(tensor.Layer),
        TensorRole.ExpertDown or TensorRole.ResidualDown or TensorRole.SharedDown => TensorNames.Down(tensor.Layer),
        _ => tensor.Name,
    }];

    private void AddNoise(TensorSpec tensor, Span<float> values)
    {
        if (!HasNoise(tensor))
        {
            return;
        }

        double squares = 0;
        foreach (float value in values)
        {
            squares += (double)value * value;
        }

        float[] noise = new float[values.Length];
        new Xoshiro256(options.Seed, Purpose + (ulong)tensor.Role, (ulong)tensor.Layer, (ulong)tensor.Expert).FillNormal(noise, options.Noise * Math.Sqrt(squares / values.Length));
        for (int index = 0; index < noise.Length; index++)
        {
            values[index] += noise[index];
        }
    }

    private Span<float> Buffer(TensorSpec tensor)
    {
        int count = checked((int)tensor.ElementCount);
        if (_buffer.Length < count)
        {
            _buffer = GC.AllocateUninitializedArray<float>(count, pinned: true);
        }

        return _buffer.AsSpan(0, count);
    }

    private Matrix Single(TensorSpec tensor)
    {
        fixed (float* data = _buffer)
        {
            // The array is pinned for its whole life; the view keeps it alive.
            return new Matrix(StorageFormats.F32, tensor.Rows, tensor.Columns, (byte*)data, _buffer);
        }
    }
}
