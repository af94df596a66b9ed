using System.Runtime.InteropServices;

namespace Moiety.Inference.KeyValues;

/// <summary>
/// The pages that hold keys and values of all sequences of an engine. A page holds the same few consecutive tokens of every
/// layer; it is counted by the sequences that share it (prefixes, beams, draft trees) and copied when one of them writes on
/// (PagedAttention, arXiv 2309.06180).
/// </summary>
/// <remarks>
/// One head's keys lie together in a page, so that attention streams them. Pages that lie out of the sliding windows of all layers
/// are kept: a sequence can be forked and truncated at any of its tokens. Not thread-safe.
/// </remarks>
public sealed unsafe class KvPagePool : IDisposable
{
    private const int InitialPages = 1024;

    private nint[] _addresses;
    private int[] _references;
    private int[] _free;
    private int _freeCount;
    private int _disposed;

    internal KvPagePool(KvLayout layout, long memory)
    {
        Layout = layout;
        Capacity = (int)Math.Clamp(memory / layout.PageBytes, 0, int.MaxValue / 2);
        int initial = Math.Min(InitialPages, Capacity);
        _addresses = new nint[initial];
        _references = new int[initial];
        _free = new int[initial];
    }

    /// <summary>Frees forgotten pages.</summary>
    ~KvPagePool() => Free();

    /// <summary>Tokens of one page.</summary>
    public int PageSize => Layout.PageSize;

    /// <summary>Bytes of one page.</summary>
    public long PageBytes => Layout.PageBytes;

    /// <summary>Pages that there may be in all.</summary>
    public int Capacity { get; }

    /// <summary>Pages that have memory, in use or waiting to be used again.</summary>
    public int Allocated { get; private set; }

    /// <summary>Pages that some sequence holds.</summary>
    public int InUse => Allocated - _freeCount;

    /// <summary>Pages that are free or may still be allocated.</summary>
    public int Available => Capacity - InUse;

    internal KvLayout Layout { get; }

    /// <summary>Frees all pages; sequences of this pool can no longer be used.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    internal int Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        int page = _freeCount > 0 ? _free[--_freeCount] : Allocate();
        _references[page] = 1;
        NativeMemory.Clear((void*)_addresses[page], (nuint)Layout.HeaderBytes);
        return page;
    }

    /// <summary>A page of the same content that nobody shares.</summary>
    internal int Copy(int page)
    {
        int copy = Rent();
        Buffer.MemoryCopy((void*)_addresses[page], (void*)_addresses[copy], PageBytes, PageBytes);
        return copy;
    }

    internal void Share(int page) => _references[page]++;

    internal void Release(int page)
    {
        // A sequence may outlive the engine; its pages are gone by then.
        if (_disposed == 0 && --_references[page] == 0)
        {
            _free[_freeCount++] = page;
        }
    }

    internal int ReferencesOf(int page) => _references[page];

    internal byte* Address(int page) => (byte*)_addresses[page];

    private int Allocate()
    {
        if (Allocated == _addresses.Length)
        {
            int length = (int)Math.Min(Capacity, Math.Max(InitialPages, 2L * Allocated));
            Array.Resize(ref _addresses, length);
            Array.Resize(ref _references, length);
            Array.Resize(ref _free, length);
        }

        _addresses[Allocated] = (nint)NativeMemory.AlignedAlloc((nuint)PageBytes, 64);
        return Allocated++;
    }

    private void Free()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            for (int page = 0; page < Allocated; page++)
            {
                NativeMemory.AlignedFree((void*)_addresses[page]);
            }

            Allocated = 0;
            _freeCount = 0;
        }
    }
}
