using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Evaluation.Routing;

/// <summary>The tensors of a model, but experts of some layers give nothing: what computes their output is 0.</summary>
/// <param name="model">The model.</param>
/// <param name="layers">The layers whose experts give nothing.</param>
internal sealed unsafe class SilencedTensorSource(Checkpoint model, IReadOnlyCollection<int> layers) : TensorSource
{
    private readonly TensorSource _tensors = From(model);
    private float[] _zeros = [];

    /// <inheritdoc/>
    public override StorageFormat GetFormat(TensorSpec tensor)
    {
        StorageFormat format = _tensors.GetFormat(tensor);
        return IsSilenced(tensor) && !format.CanQuantize ? StorageFormats.F32 : format;
    }

    /// <inheritdoc/>
    public override Matrix Load(TensorSpec tensor)
    {
        if (!IsSilenced(tensor))
        {
            return _tensors.Load(tensor);
        }

        int count = checked(tensor.Rows * tensor.Columns);
        if (_zeros.Length < count)
        {
            _zeros = GC.AllocateArray<float>(count, pinned: true);
        }

        fixed (float* data = _zeros)
        {
            // The array is pinned for its whole life; the view keeps it alive.
            return new Matrix(StorageFormats.F32, tensor.Rows, tensor.Columns, (byte*)data, _zeros);
        }
    }

    private bool IsSilenced(TensorSpec tensor) => tensor.Role is TensorRole.ExpertDown or TensorRole.ExpertDownBias && layers.Contains(tensor.Layer);
}
