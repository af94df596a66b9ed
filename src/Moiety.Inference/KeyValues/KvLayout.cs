using Moiety.Inference.Model;
using Moiety.Numerics.Formats;

namespace Moiety.Inference.KeyValues;

/// <summary>Where a page keeps the key or value row of a layer, head and slot; all in bytes.</summary>
/// <remarks>
/// A page begins with one 64-bit mask per layer (bit i: the layer wrote nothing for slot i) and, where attention needs them, the
/// positions of its slots; then for each layer the keys [key-value head, slot, key size] and the values likewise. Where values are
/// the first elements of keys (latent attention) there are no others.
/// </remarks>
internal sealed class KvLayout
{
    private const int CacheLine = 64;
    private readonly long _positionOffset;
    private readonly long _layerBytes;
    private readonly long _valueOffset;

    /// <param name="layerCount">Layers.</param>
    /// <param name="shape">Sizes of keys and values.</param>
    /// <param name="format">How rows are stored; keys and values are whole blocks of it.</param>
    /// <param name="pageSize">Tokens of a page.</param>
    /// <param name="hasPositions">Whether pages hold the position ids of their tokens.</param>
    public KvLayout(int layerCount, AttentionShape shape, StorageFormat format, int pageSize, bool hasPositions)
    {
        LayerCount = layerCount;
        HeadCount = shape.KeyValueHeads;
        PageSize = pageSize;
        Format = format;
        HasPositions = hasPositions;
        KeyRowBytes = format.RowBytes(shape.KeySize);
        ValueRowBytes = shape.IsLatent ? KeyRowBytes : format.RowBytes(shape.ValueSize);
        _positionOffset = layerCount * (long)sizeof(ulong);
        HeaderBytes = Align(_positionOffset + (hasPositions ? pageSize * (long)sizeof(int) : 0));
        long keyBytes = Align(HeadCount * pageSize * KeyRowBytes);
        _valueOffset = shape.IsLatent ? 0 : keyBytes;
        _layerBytes = _valueOffset + Align(HeadCount * pageSize * ValueRowBytes);
        PageBytes = checked(HeaderBytes + layerCount * _layerBytes);
    }

    public int LayerCount { get; }

    /// <summary>Key-value heads.</summary>
    public int HeadCount { get; }

    public int PageSize { get; }

    /// <summary>How keys and values are stored.</summary>
    public StorageFormat Format { get; }

    /// <summary>Whether pages hold the position ids of their tokens.</summary>
    public bool HasPositions { get; }

    /// <summary>From one slot's key to the next.</summary>
    public long KeyRowBytes { get; }

    /// <summary>From one slot's value to the next.</summary>
    public long ValueRowBytes { get; }

    /// <summary>The masks of missing slots, one per layer, and the positions.</summary>
    public long HeaderBytes { get; }

    public long PageBytes { get; }

    /// <summary>The keys of a head.</summary>
    public long KeyOffset(int layer, int head) => HeaderBytes + layer * _layerBytes + head * PageSize * KeyRowBytes;

    /// <summary>The values of a head.</summary>
    public long ValueOffset(int layer, int head) => HeaderBytes + layer * _layerBytes + _valueOffset + head * PageSize * ValueRowBytes;

    /// <summary>The position ids of a page's slots.</summary>
    public unsafe int* Positions(byte* page) => (int*)(page + _positionOffset);

    /// <summary>Zeroes a slot of one layer: what nobody wrote is weighted with 0, and must not be NaN.</summary>
    public unsafe void ClearSlot(byte* page, int layer, int slot)
    {
        for (int head = 0; head < HeadCount; head++)
        {
            new Span<byte>(page + KeyOffset(layer, head) + slot * KeyRowBytes, (int)KeyRowBytes).Clear();
            new Span<byte>(page + ValueOffset(layer, head) + slot * ValueRowBytes, (int)ValueRowBytes).Clear();
        }
    }

    private static long Align(long bytes) => (bytes + CacheLine - 1) / CacheLine * CacheLine;
}
