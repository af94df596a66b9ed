using Moiety.Numerics.Products;

namespace Moiety.Inference.Model;

/// <summary>Activations in the forms that products read, with room that grows with the batch.</summary>
internal sealed class Activations(int columns, ActivationPrecision precision) : IDisposable
{
    private ActivationBuffer? _buffer;
    private int _rows;

    /// <summary>The prepared activations.</summary>
    public ActivationBuffer Buffer => _buffer ?? throw new InvalidOperationException("No room was made for activations.");

    /// <summary>Makes room for a number of rows.</summary>
    public void Ensure(int rows)
    {
        if (rows > _rows)
        {
            _buffer?.Dispose();
            _rows = 0;
            int capacity = rows == 1 ? 1 : rows + (rows >> 2);
            _buffer = new ActivationBuffer(capacity, columns, precision);
            _rows = capacity;
        }
    }

    public void Dispose() => _buffer?.Dispose();
}
