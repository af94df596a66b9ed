using Moiety.Numerics.Formats;

namespace Moiety.Numerics;

/// <summary>
/// A row-major matrix in some storage format over memory that somebody else owns (a mapped file, an
/// <c>AlignedBuffer</c>). A view: copying it copies no data.
/// </summary>
public sealed unsafe class Matrix
{
    /// <summary>Views memory as a matrix.</summary>
    /// <param name="format">Storage format of the elements.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Elements of a row; a multiple of the format's block length.</param>
    /// <param name="data">First byte of the first row; rows follow each other without gaps.</param>
    /// <param name="owner">Kept alive as long as this view is reachable.</param>
    public Matrix(StorageFormat format, int rows, int columns, byte* data, object? owner = null)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        Format = format;
        Rows = rows;
        Columns = columns;
        Data = data;
        Owner = owner;
        RowBytes = format.RowBytes(columns);
    }

    /// <summary>Storage format of the elements.</summary>
    public StorageFormat Format { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Elements of a row.</summary>
    public int Columns { get; }

    /// <summary>First byte.</summary>
    public byte* Data { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public long RowBytes { get; }

    /// <summary>Bytes of all rows.</summary>
    public long ByteLength => RowBytes * Rows;

    /// <summary>What keeps the memory alive.</summary>
    public object? Owner { get; }
}
