using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Adapters;

/// <summary>The tensors of a model with an adapter merged in: W + Scale * B * A, in single precision where it changes anything.</summary>
/// <param name="model">The model.</param>
/// <param name="adapter">The adapter, read for this model.</param>
public sealed unsafe class MergedTensorSource(Checkpoint model, LoraAdapter adapter) : TensorSource
{
    private float[] _buffer = [];

    /// <inheritdoc/>
    public override StorageFormat GetFormat(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return model.Describe(tensor.Name).Format;
    }

    /// <inheritdoc/>
    public override Matrix Load(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Matrix stored = model.GetTensor(tensor.Name);
        if (!adapter.Updates.TryGetValue(tensor.Name, out LowRankUpdate? update))
        {
            return stored;
        }

        int count = checked(stored.Rows * stored.Columns);
        if (_buffer.Length < count)
        {
            _buffer = GC.AllocateUninitializedArray<float>(count, pinned: true);
        }

        Parallel.For(0, stored.Rows, row =>
        {
            Span<float> values = _buffer.AsSpan(row * stored.Columns, stored.Columns);
            stored.Format.Dequantize(new ReadOnlySpan<byte>(stored.Data + (row * stored.RowBytes), checked((int)stored.RowBytes)), values);
            update.AddTo(row, values);
        });

        fixed (float* data = _buffer)
        {
            // The array is pinned for its whole life; the view keeps it alive.
            return new Matrix(StorageFormats.F32, stored.Rows, stored.Columns, (byte*)data, _buffer);
        }
    }
}
