namespace Moiety.Inference.Model;

/// <summary>What one of a layer's perceptrons computes in, see <see cref="Perceptron"/>.</summary>
internal sealed unsafe class BranchBuffers(int innerSize) : IDisposable
{
    private readonly ScratchBuffer<float> _inner = new();
    private readonly ScratchBuffer<float> _up = new();

    /// <summary>[row, inner]: the gate projection, or the up projection where there is no gate; then the inner activations.</summary>
    public float* Inner => _inner.Data;

    /// <summary>[row, inner]: the up projection where there is a gate.</summary>
    public float* Up => _up.Data;

    /// <summary>Makes room for a number of rows.</summary>
    public void Ensure(long rows)
    {
        _inner.Ensure(rows * innerSize);
        _up.Ensure(rows * innerSize);
    }

    public void Dispose()
    {
        _inner.Dispose();
        _up.Dispose();
    }
}
