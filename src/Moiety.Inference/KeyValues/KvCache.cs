using Moiety.Inference.Plans;

namespace Moiety.Inference.KeyValues;

/// <summary>
/// The keys and values of one sequence: a handle on counted pages of a <see cref="KvPagePool"/>. Forks share pages until one
/// of them writes. Only <see cref="Engine.Step"/> appends to it. Use an engine and its caches from one thread at a time.
/// </summary>
public sealed unsafe class KvCache : IDisposable
{
    private readonly int[] _pages;
    private int _pageCount;
    private long _step;
    private bool _disposed;

    internal KvCache(KvPagePool pool, int contextLength)
    {
        Pool = pool;
        ContextLength = contextLength;
        _pages = new int[(contextLength + pool.PageSize - 1) / pool.PageSize];
    }

    /// <summary>Tokens that the sequence holds.</summary>
    public int Length { get; private set; }

    /// <summary>Most tokens that it may hold.</summary>
    public int ContextLength { get; }

    /// <summary>Pages that the sequence holds, alone or with others.</summary>
    public int PageCount => _pageCount;

    internal KvPagePool Pool { get; }

    /// <summary>A second sequence that begins with the first tokens of this one and shares their pages.</summary>
    /// <param name="length">Tokens to take over, at most <see cref="Length"/>.</param>
    public KvCache Fork(int length)
    {
        Guard(length);
        KvCache fork = new(Pool, ContextLength) { Length = length, _pageCount = PagesFor(length) };
        for (int index = 0; index < fork._pageCount; index++)
        {
            fork._pages[index] = _pages[index];
            Pool.Share(_pages[index]);
        }

        return fork;
    }

    /// <summary>A second sequence with all tokens of this one.</summary>
    public KvCache Fork() => Fork(Length);

    /// <summary>Forgets all tokens from an index on: rejected drafts, a turn that is edited.</summary>
    /// <param name="length">Tokens to keep, at most <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        Guard(length);
        Length = length;
        ReleaseUnused();
    }

    /// <summary>Gives the pages back.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            Length = 0;
            ReleaseUnused();
            _disposed = true;
        }
    }

    /// <summary>Pages that must be free to append tokens: new ones, and copies of shared ones that would be written.</summary>
    internal int PagesNeeded(int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int needed = PagesFor(Length + count) - _pageCount;
        return WritesIntoSharedPage() ? needed + 1 : needed;
    }

    /// <summary>Makes pages for tokens to be appended, which nobody else sees. The length stays until <see cref="Commit"/>.</summary>
    internal void Reserve(int count)
    {
        if (WritesIntoSharedPage())
        {
            int shared = _pages[_pageCount - 1];
            _pages[_pageCount - 1] = Pool.Copy(shared);
            Pool.Release(shared);
        }

        int pages = PagesFor(Length + count);
        while (_pageCount < pages)
        {
            _pages[_pageCount] = Pool.Rent();
            _pageCount++;
        }
    }

    /// <summary>Notes for each layer which of the tokens to be appended leave no keys and values in it.</summary>
    /// <param name="count">Tokens to be appended.</param>
    /// <param name="schedule">The plan's, or null when every token runs every layer.</param>
    internal void MarkGaps(int count, LayerSchedule? schedule)
    {
        KvLayout layout = Pool.Layout;
        for (int position = 0; position < count; position++)
        {
            int index = Length + position;
            int slot = index % layout.PageSize;
            byte* page = Page(index / layout.PageSize);
            for (int layer = 0; layer < layout.LayerCount; layer++)
            {
                ulong* mask = (ulong*)page + layer;
                if (schedule?[position, layer] == LayerMode.Skip)
                {
                    *mask |= 1UL << slot;
                    layout.ClearSlot(page, layer, slot);
                }
                else
                {
                    *mask &= ~(1UL << slot);
                }
            }
        }
    }

    /// <summary>Notes the position id of a token to be appended, where attention asks keys for theirs.</summary>
    internal void SetPosition(int index, int position)
    {
        if (Pool.Layout.HasPositions)
        {
            Pool.Layout.Positions(Page(index / Pool.PageSize))[index % Pool.PageSize] = position;
        }
    }

    /// <summary>Notes that the sequence is part of a step.</summary>
    /// <returns>False when it already is.</returns>
    internal bool Enter(long step)
    {
        if (_step == step)
        {
            return false;
        }

        _step = step;
        return true;
    }

    /// <summary>The appended tokens are complete.</summary>
    internal void Commit(int count) => Length += count;

    /// <summary>Gives back what <see cref="Reserve"/> took for tokens that never came.</summary>
    internal void ReleaseUnused()
    {
        int kept = PagesFor(Length);
        while (_pageCount > kept)
        {
            Pool.Release(_pages[--_pageCount]);
        }
    }

    internal int PageId(int index) => _pages[index];

    internal byte* Page(int index) => Pool.Address(_pages[index]);

    private int PagesFor(int length) => (length + Pool.PageSize - 1) / Pool.PageSize;

    private bool WritesIntoSharedPage() =>
        Length % Pool.PageSize != 0 && Pool.ReferencesOf(_pages[_pageCount - 1]) > 1;

    private void Guard(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
    }
}
