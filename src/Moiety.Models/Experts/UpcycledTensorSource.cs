using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Randomness;

namespace Moiety.Models.Experts;

/// <summary>
/// The tensors of an upcycled model: experts and fixed MLPs are the dense MLP, mixing weights are 0 (half of each), routers are random,
/// all else is as it was.
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

        StorageFormat format = _tensors.GetFormat(SourceOf(tensor));
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
                new Xoshiro256(options.Seed, Purpose, (ulong)tensor.Layer).FillNormal(fresh, options.RouterDeviation);
            }

            return Single(tensor);
        }

        Matrix stored = _tensors.Load(SourceOf(tensor));
        if (!IsChanged(tensor))
        {
            return stored;
        }

        Span<float> values = Buffer(tensor);
        for (int row = 0; row < stored.Rows; row++)
        {
            stored.Format.Dequantize(new ReadOnlySpan<byte>(stored.Data + (row * stored.RowBytes), checked((int)stored.RowBytes)), values.Slice(row * stored.Columns, stored.Columns));
        }

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

    private bool IsChanged(TensorSpec tensor) => IsUpcycled(tensor.Layer) && tensor.Expert >= 0 && (HasNoise(tensor) || ScaleOf(tensor) != 1);

    private bool HasNoise(TensorSpec tensor) => options.Noise > 0 && !tensor.IsVector;

    private float ScaleOf(TensorSpec tensor) =>
        tensor.Role == TensorRole.ExpertDown && !config.FeedForwards[tensor.Layer].Moe!.NormalizeTopK ? (float)options.ExpertCount / options.TopK : 1;

    private TensorSpec SourceOf(TensorSpec tensor) => _specs[!IsUpcycled(tensor.Layer) ? tensor.Name : tensor.Role switch
    {
        TensorRole.ExpertGate or TensorRole.ResidualGate => TensorNames.Gate(tensor.Layer),
        TensorRole.ExpertUp or TensorRole.ResidualUp => TensorNames.Up(tensor.Layer),
        TensorRole.ExpertDown or TensorRole.ResidualDown => TensorNames.Down(tensor.Layer),
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
