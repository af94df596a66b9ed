using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>The memory of a contiguous tensor on the processor as rows of the last dimension, for kernels that run on several threads.</summary>
/// <typeparam name="T">Type of the elements in memory.</typeparam>
internal readonly unsafe struct TensorRows<T>
    where T : unmanaged
{
    private readonly T* _data;
    private readonly int _width;

    /// <summary>Views a tensor.</summary>
    /// <exception cref="ArgumentException">The tensor is not contiguous.</exception>
    internal TensorRows(Tensor tensor)
    {
        if (!tensor.is_contiguous() || tensor.device_type != DeviceType.CPU)
        {
            throw new ArgumentException("The tensor is not contiguous memory of the processor.", nameof(tensor));
        }

        // The memory is libtorch's: nothing moves it while the tensor lives.
        _data = (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
        _width = checked((int)tensor.shape[^1]);
        Count = checked((int)(tensor.numel() / _width));
    }

    /// <summary>Number of rows.</summary>
    internal int Count { get; }

    /// <summary>A row.</summary>
    internal Span<T> this[int row] => new(_data + ((long)row * _width), _width);
}
