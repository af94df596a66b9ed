namespace Moiety.Parity.Tests.Models;

/// <summary>A row-major matrix in plain memory; a vector is one row.</summary>
public sealed record RandomTensor(int Rows, int Columns, float[] Data)
{
    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => Data.AsSpan(row * Columns, Columns);
}
