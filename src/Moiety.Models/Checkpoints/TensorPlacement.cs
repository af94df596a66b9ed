using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// A <see cref="TensorLocation"/> worked out for one tensor: which rows of which tensor of the file are its rows. A vector counts as
/// rows of one element. The file's tensor is a stack of items (one for each expert, or just one); the rows of an item are groups, and
/// every part that shares the item has a run of rows in each group.
/// </summary>
internal sealed record TensorPlacement
{
    /// <summary>The canonical tensor.</summary>
    public required TensorSpec Tensor { get; init; }

    /// <summary>What the family declares.</summary>
    public required TensorLocation Location { get; init; }

    /// <summary>Items in the stack; 0 when the file's tensor has no dimension for them.</summary>
    public required int StackSize { get; init; }

    /// <summary>Rows of one item: those of all parts.</summary>
    public required long ItemRows { get; init; }

    /// <summary>Rows of one group: those of all parts.</summary>
    public required long GroupRows { get; init; }

    /// <summary>Rows that this part has in every group.</summary>
    public required long PartRows { get; init; }

    /// <summary>Rows of a group before those of this part.</summary>
    public required long FirstRow { get; init; }

    /// <summary>First rows of the canonical tensor that the file leaves out.</summary>
    public int SkippedRows { get; init; }

    /// <summary>Elements of a head, into which a vector may be divided.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Rows of the canonical tensor that the file has; for a vector, its elements.</summary>
    public int Rows => (Tensor.IsVector ? Tensor.Columns : Tensor.Rows) - SkippedRows;

    /// <summary>Elements of a row; 1 for a vector.</summary>
    public int Columns => Tensor.IsVector ? 1 : Tensor.Columns;

    /// <summary>Whether [columns, rows] is stored.</summary>
    public bool IsTransposed => Location.IsTransposed && !Tensor.IsVector;

    /// <summary>Whether the canonical rows follow each other in the file, so that a view is enough and nothing is computed.</summary>
    public bool IsView => PartRows == Rows && !IsTransposed && Location.Offset == 0;

    /// <summary>Item of the stack that holds the tensor.</summary>
    public int StackIndex => StackSize > 0 ? Tensor.Expert : 0;

    /// <summary>Name in a file that is written.</summary>
    public string Name => TensorNaming.Resolve(Location.Names[0], Tensor);

    /// <summary>Names in files that are read, the preferred one first.</summary>
    public IEnumerable<string> Names => Location.Names.Select(name => TensorNaming.Resolve(name, Tensor));

    /// <summary>Shape of the file's tensor, outermost first.</summary>
    public ImmutableArray<long> Shape
    {
        get
        {
            ImmutableArray<long> item = Location.IsPerHead ? [ItemRows / HeadSize, HeadSize] : Location.IsRow ? [1, ItemRows] : Tensor.IsVector ? [ItemRows] : IsTransposed ? [Columns, ItemRows] : [ItemRows, Columns];
            return StackSize > 0 ? [StackSize, .. item] : item;
        }
    }

    /// <summary>The row of the item that is a row of the canonical tensor.</summary>
    public long RowInItem(long row) => (row / PartRows * GroupRows) + FirstRow + (row % PartRows);

    /// <summary>
    /// Whether a tensor of this shape can be read: the expected one, the same with other dimensions of size 1, or with the rows split
    /// over several leading dimensions.
    /// </summary>
    public bool Accepts(ImmutableArray<long> shape)
    {
        ImmutableArray<long> expected = Shape;
        if (shape.Where(size => size != 1).SequenceEqual(expected.Where(size => size != 1)))
        {
            return true;
        }

        return StackSize == 0 && !IsTransposed && !Tensor.IsVector && shape.Length > 2 && shape[^1] == Columns
            && shape[..^1].Aggregate((Int128)1, (product, size) => product * size) == ItemRows;
    }

    /// <summary>The format that the canonical tensor has when the file's has this one.</summary>
    public StorageFormat FormatFor(StorageFormat stored) =>
        Location.Offset != 0 || (IsTransposed && stored.BlockLength > 1) ? StorageFormats.F32 : stored;
}
