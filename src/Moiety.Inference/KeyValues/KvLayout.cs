namespace Moiety.Inference.KeyValues;

/// <summary>Where a page keeps the key or value row of a layer, head and slot; all in bytes.</summary>
internal sealed class KvLayout
{
    private const int CacheLine = 64;

    public KvLayout(int layerCount, int headCount, int headSize, int rowBytes, int pageSize)
    {
        LayerCount = layerCount;
        HeadCount = headCount;
        HeadSize = headSize;
        RowBytes = rowBytes;
        PageSize = pageSize;
        HeaderBytes = Align(layerCount * (long)sizeof(ulong));
        HeadBytes = (long)pageSize * rowBytes;
        RegionBytes = Align(HeadBytes * headCount);
        PageBytes = checked(HeaderBytes + 2 * layerCount * RegionBytes);
    }

    public int LayerCount { get; }

    /// <summary>Key-value heads.</summary>
    public int HeadCount { get; }

    public int HeadSize { get; }

    public int RowBytes { get; }

    public int PageSize { get; }

    /// <summary>The masks of missing slots, one per layer.</summary>
    public long HeaderBytes { get; }

    /// <summary>All slots of one head.</summary>
    public long HeadBytes { get; }

    /// <summary>All heads: the keys or the values of one layer.</summary>
    public long RegionBytes { get; }

    public long PageBytes { get; }

    public long KeyOffset(int layer, int head) => HeaderBytes + 2L * layer * RegionBytes + head * HeadBytes;

    public long ValueOffset(int layer, int head) => KeyOffset(layer, head) + RegionBytes;

    /// <summary>Zeroes a slot of one layer: what nobody wrote is weighted with 0, and must not be NaN.</summary>
    public unsafe void ClearSlot(byte* page, int layer, int slot)
    {
        for (int head = 0; head < HeadCount; head++)
        {
            new Span<byte>(page + KeyOffset(layer, head) + (long)slot * RowBytes, RowBytes).Clear();
            new Span<byte>(page + ValueOffset(layer, head) + (long)slot * RowBytes, RowBytes).Clear();
        }
    }

    private static long Align(long bytes) => (bytes + CacheLine - 1) / CacheLine * CacheLine;
}
