using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Where a writer takes the tensors of a model from: an opened checkpoint, or a trainer's float tensors. Writers ask for
/// one tensor after another, so that a model never needs to be in memory twice.
/// </summary>
public abstract class TensorSource
{
    /// <summary>How the source stores a tensor.</summary>
    public abstract StorageFormat GetFormat(TensorSpec tensor);

    /// <summary>A view of a tensor of the shape that was asked for; valid until the next call.</summary>
    public abstract Matrix Load(TensorSpec tensor);

    /// <summary>The tensors of an opened checkpoint, in the formats of its files.</summary>
    public static TensorSource From(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new CheckpointTensorSource(checkpoint);
    }

    /// <summary>Float tensors that a function copies out, one at a time.</summary>
    /// <param name="read">Fills a span with the values of a tensor, row-major.</param>
    public static TensorSource From(FloatTensorReader read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new FloatTensorSource(read);
    }

    private sealed class CheckpointTensorSource(Checkpoint checkpoint) : TensorSource
    {
        private IDisposable? _copy;

        public override StorageFormat GetFormat(TensorSpec tensor) => checkpoint.Describe(tensor.Name).Format;

        public override Matrix Load(TensorSpec tensor)
        {
            _copy?.Dispose();
            return checkpoint.OpenTensor(tensor.Name, out _copy);
        }
    }

    private sealed unsafe class FloatTensorSource(FloatTensorReader read) : TensorSource
    {
        private float[] _buffer = [];

        public override StorageFormat GetFormat(TensorSpec tensor) => StorageFormats.F32;

        public override Matrix Load(TensorSpec tensor)
        {
            if (tensor.ElementCount > Array.MaxLength)
            {
                throw new InvalidInputException($"tensor \"{tensor.Name}\" of shape {tensor.ShapeText} has more than {Array.MaxLength} elements.");
            }

            int count = (int)tensor.ElementCount;
            if (_buffer.Length < count)
            {
                _buffer = GC.AllocateUninitializedArray<float>(count, pinned: true);
            }

            read(tensor, _buffer.AsSpan(0, count));
            fixed (float* data = _buffer)
            {
                // The array is pinned for its whole life; the view keeps it alive.
                return new Matrix(StorageFormats.F32, tensor.Rows, tensor.Columns, (byte*)data, _buffer);
            }
        }
    }
}
