using Moiety.Numerics;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>All bytes of a tensor of a file: where it has them, or in a copy.</summary>
internal readonly unsafe struct TensorBytes : IDisposable
{
    private readonly AlignedBuffer? _copy;

    /// <summary>Makes the bytes of a tensor available.</summary>
    public TensorBytes(FileTensor tensor)
    {
        Pointer = tensor.Data;
        if (Pointer is null)
        {
            long bytes = tensor.Shape.Aggregate(1L, (product, size) => product * size) / tensor.Type.BlockLength * tensor.Type.BlockBytes;
            _copy = new AlignedBuffer(bytes);
            Pointer = _copy.Pointer;
            tensor.Read(0, bytes, Pointer);
        }
    }

    /// <summary>The first byte; valid while the file is open and this is not disposed.</summary>
    public byte* Pointer { get; }

    /// <summary>Frees the copy.</summary>
    public void Dispose() => _copy?.Dispose();
}
