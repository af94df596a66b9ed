namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// A matrix of AWQ in the layout "gemm": a word of <c>qweight</c> [columns, rows / 8] or of <c>qzeros</c> [groups, rows / 8] holds
/// eight neighboring rows, the even ones in the lower half and the odd ones in the upper.
/// </summary>
internal sealed unsafe class AwqTensor(PackedIntegerParts parts) : PackedIntegerTensor(parts)
{
    private const int PerWord = 8;

    /// <inheritdoc/>
    protected override void Unpack(int* weights, int first, int rows, short* values)
    {
        int columns = Parts.Columns;
        int words = Parts.Rows / PerWord;
        for (int column = 0; column < columns; column++)
        {
            int* line = weights + ((long)column * words) + (first / PerWord);
            for (int row = 0; row < rows; row++)
            {
                values[((long)row * columns) + column] = (short)((line[row / PerWord] >> Shift(row)) & Largest);
            }
        }
    }

    /// <inheritdoc/>
    protected override int Zero(int* zeros, int group, int row) =>
        (zeros[((long)group * (Parts.Rows / PerWord)) + (row / PerWord)] >> Shift(row)) & Largest;

    private static int Shift(int row) => 4 * ((row % PerWord / 2) + (row % 2 * PerWord / 2));
}
