using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Adapters;

/// <summary>The tensors of a model with an adapter merged in: W + Scale * B * A, in single precision where it changes anything.</summary>
public sealed unsafe class MergedTensorSource : TensorSource
{
    private readonly Checkpoint _model;
    private readonly LoraAdapter _adapter;
    private float[] _buffer = [];

    /// <summary>Prepares the merge.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter, read for this model.</param>
    /// <exception cref="InvalidInputException">The adapter has experts: which of them a matrix would need depends on the token.</exception>
    public MergedTensorSource(Checkpoint model, LoraAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapter);
        if (adapter.Banks.Count > 0)
        {
            throw new InvalidInputException($"{adapter.Path}: an adapter with experts chooses among them for every token and cannot be merged into the weights. Use it beside them (--adapter).");
        }

        _model = model;
        _adapter = adapter;
    }

    /// <inheritdoc/>
    public override StorageFormat GetFormat(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return _model.Describe(tensor.Name).Format;
    }

    /// <inheritdoc/>
    public override Matrix Load(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Matrix stored = _model.GetTensor(tensor.Name);
        if (!_adapter.Updates.TryGetValue(tensor.Name, out LowRankUpdate? update))
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
