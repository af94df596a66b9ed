using System.Runtime.InteropServices;

namespace Moiety.Inference;

/// <summary>
/// Native memory on a cache line's border that grows when a bigger batch comes and is never shrunk: what a step computes in.
/// Growing loses the content.
/// </summary>
internal sealed unsafe class ScratchBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;

    /// <summary>First element; null before the first <see cref="Ensure"/>.</summary>
    public T* Data { get; private set; }

    /// <summary>Elements that fit.</summary>
    public long Capacity { get; private set; }

    /// <summary>Makes room for a number of elements.</summary>
    /// <returns>The first element.</returns>
    public T* Ensure(long count)
    {
        if (count > Capacity)
        {
            long capacity = Math.Max(count, Math.Min(2 * Capacity, count + (count >> 2)));
            nuint bytes = checked((nuint)capacity * (nuint)sizeof(T));
            NativeMemory.AlignedFree(Data);
            Data = null;
            Capacity = 0;
            Data = (T*)NativeMemory.AlignedAlloc(bytes, Alignment);
            Capacity = capacity;
            // Touched once here, so that no step reads memory that was never written.
            NativeMemory.Clear(Data, bytes);
        }

        return Data;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
        Capacity = 0;
        GC.SuppressFinalize(this);
    }

    ~ScratchBuffer() => NativeMemory.AlignedFree(Data);
}
