namespace Moiety.Training.Kernels;

/// <summary>The sizes of <see cref="AttentionFunction"/>'s tensors.</summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Length">Positions of a sequence.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="Groups">Key-value heads; each serves <c>Heads / Groups</c> neighboring query heads.</param>
/// <param name="Size">Elements of a head.</param>
internal readonly record struct AttentionShape(int Batch, int Length, int Heads, int Groups, int Size)
{
    /// <summary>Query heads of a key-value head.</summary>
    internal int Sharers => Heads / Groups;

    /// <summary>Distance from one position to the next where queries, keys and values lie together.</summary>
    internal int PackedStride => (Heads + (2 * Groups)) * Size;

    /// <summary>Elements of a head, rounded up to whole vectors.</summary>
    internal int Width => RoundUp(Size);

    /// <summary>Positions of a sequence, rounded up to whole vectors and one more, which also keeps columns off one cache set.</summary>
    internal int Columns => RoundUp(Length) + TileProduct.ColumnBlock;

    /// <summary>The next multiple of a vector.</summary>
    internal static int RoundUp(int count) => (count + TileProduct.ColumnBlock - 1) / TileProduct.ColumnBlock * TileProduct.ColumnBlock;
}
