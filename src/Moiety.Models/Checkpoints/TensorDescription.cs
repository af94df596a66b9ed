using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>What is known of a tensor without touching its values.</summary>
/// <param name="Format">How its elements are stored in memory.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">Elements of a row.</param>
public readonly record struct TensorDescription(StorageFormat Format, int Rows, int Columns)
{
    /// <summary>Bytes of all rows.</summary>
    public long ByteLength => Format.RowBytes(Columns) * Rows;
}
