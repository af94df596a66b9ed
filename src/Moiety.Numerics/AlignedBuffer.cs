using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Moiety.Numerics;

/// <summary>Native memory that begins at a multiple of 64 bytes (a cache line, a vector register) and is zero at first.</summary>
public sealed unsafe partial class AlignedBuffer : IDisposable
{
    /// <summary>Alignment of every buffer, bytes.</summary>
    public const int Alignment = 64;

    private const int HugePageBytes = 2 << 20;
    private const int AdviseHugePages = 14;

    private byte* _pointer;

    /// <summary>Allocates memory.</summary>
    /// <param name="bytes">Bytes wanted; zero is allowed.</param>
    /// <param name="pages">Kind of pages to ask the operating system for; a wish, never an error.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be had.</exception>
    public AlignedBuffer(long bytes, PageKind pages = PageKind.Normal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ByteLength = bytes;
        nuint size = checked((nuint)bytes + Alignment);
        nuint alignment = pages == PageKind.Huge && bytes >= HugePageBytes ? (nuint)HugePageBytes : Alignment;
        _pointer = (byte*)NativeMemory.AlignedAlloc(size, alignment);
        if (alignment == HugePageBytes && OperatingSystem.IsLinux())
        {
            // Refused advice only costs time, so the result does not matter.
            _ = Advise(_pointer, size, AdviseHugePages);
        }
        NativeMemory.Clear(_pointer, size);
    }

    /// <summary>Frees the memory of a buffer that nobody disposed.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>First byte.</summary>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public byte* Pointer
    {
        get
        {
            if (_pointer is null)
            {
                ThrowDisposed();
            }
            return _pointer;
        }
    }

    /// <summary>Bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The first byte, read as another type.</summary>
    public T* As<T>()
        where T : unmanaged => (T*)Pointer;

    /// <summary>A range of the buffer, in elements of a type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the buffer.</exception>
    public Span<T> Span<T>(long start, int length)
        where T : unmanaged
    {
        if (start < 0 || length < 0 || start > (ByteLength / sizeof(T)) - length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), $"Elements {start}..{start + length} of {sizeof(T)} bytes leave a buffer of {ByteLength} bytes.");
        }
        return new Span<T>(As<T>() + start, length);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowDisposed() => throw new ObjectDisposedException(nameof(AlignedBuffer));

    private void Free()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }
}
