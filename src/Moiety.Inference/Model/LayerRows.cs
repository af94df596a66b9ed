namespace Moiety.Inference.Model;

/// <summary>
/// Which tokens of the batch a layer works on. Without a schedule these are all tokens; the last layer leaves out tokens
/// that nobody asks anything of.
/// </summary>
internal sealed unsafe class LayerRows : IDisposable
{
    private readonly ScratchBuffer<int> _keyValueTokens = new();
    private readonly ScratchBuffer<int> _attendingTokens = new();
    private readonly ScratchBuffer<int> _attendingRows = new();
    private readonly ScratchBuffer<int> _feedForwardTokens = new();
    private readonly ScratchBuffer<AttentionTile> _tiles = new();
    private int _longestSlice;

    /// <summary>Tokens whose keys and values are computed (and queries with them).</summary>
    public int KeyValueCount { get; private set; }

    /// <summary>Tokens that attend: some of those.</summary>
    public int AttendingCount { get; private set; }

    /// <summary>Tokens that run the feed-forward.</summary>
    public int FeedForwardCount { get; private set; }

    public int TileCount { get; private set; }

    /// <summary>Whether every sequence has one token that attends, so that row, attending entry and tile are the same.</summary>
    public bool IsDecode => TileCount == KeyValueCount && AttendingCount == KeyValueCount && _longestSlice == 1;

    /// <summary>[key-value row]: token.</summary>
    public int* KeyValueTokens => _keyValueTokens.Data;

    /// <summary>[attending row]: token.</summary>
    public int* AttendingTokens => _attendingTokens.Data;

    /// <summary>[attending row]: key-value row.</summary>
    public int* AttendingRows => _attendingRows.Data;

    /// <summary>[feed-forward row]: token.</summary>
    public int* FeedForwardTokens => _feedForwardTokens.Data;

    public AttentionTile* Tiles => _tiles.Data;

    public void Clear(int tokens)
    {
        _keyValueTokens.Ensure(tokens);
        _attendingTokens.Ensure(tokens);
        _attendingRows.Ensure(tokens);
        _feedForwardTokens.Ensure(tokens);
        _tiles.Ensure(tokens);
        KeyValueCount = 0;
        AttendingCount = 0;
        FeedForwardCount = 0;
        TileCount = 0;
        _longestSlice = 0;
    }

    /// <summary>Adds the next token.</summary>
    public void Add(int token, bool keyValue, bool attends, bool feedsForward)
    {
        if (attends)
        {
            AttendingTokens[AttendingCount] = token;
            AttendingRows[AttendingCount++] = KeyValueCount;
        }

        if (keyValue)
        {
            KeyValueTokens[KeyValueCount++] = token;
        }

        if (feedsForward)
        {
            FeedForwardTokens[FeedForwardCount++] = token;
        }
    }

    /// <summary>Cuts the attending tokens of one slice, the last ones added, into tiles.</summary>
    /// <param name="slice">Index of the slice.</param>
    /// <param name="start">The slice's first entry in the list of attending tokens.</param>
    /// <param name="tileLength">Most tokens of a tile.</param>
    public void AddTiles(int slice, int start, int tileLength)
    {
        _longestSlice = Math.Max(_longestSlice, AttendingCount - start);
        for (; start < AttendingCount; start += tileLength)
        {
            Tiles[TileCount++] = new AttentionTile(slice, start, Math.Min(start + tileLength, AttendingCount));
        }
    }

    public void Dispose()
    {
        _keyValueTokens.Dispose();
        _attendingTokens.Dispose();
        _attendingRows.Dispose();
        _feedForwardTokens.Dispose();
        _tiles.Dispose();
    }
}
