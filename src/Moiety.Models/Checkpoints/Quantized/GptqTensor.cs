namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// A matrix of GPTQ: a word of <c>qweight</c> [columns / 8, rows] holds neighboring columns of a row, one of <c>qzeros</c>
/// [groups, rows / 8] neighboring rows, both from the low bits up. (Numbers are for four bits.)
/// </summary>
internal sealed unsafe class GptqTensor(PackedIntegerParts parts, int zeroOffset) : PackedIntegerTensor(parts)
{
    /// <inheritdoc/>
    protected override void Unpack(int* weights, int first, int rows, short* values)
    {
        int perWord = 32 / Parts.Bits;
        int columns = Parts.Columns;
        for (int word = 0; word < columns / perWord; word++)
        {
            int* line = weights + ((long)word * Parts.Rows) + first;
            for (int row = 0; row < rows; row++)
            {
                short* output = values + ((long)row * columns) + (word * perWord);
                for (int i = 0; i < perWord; i++)
                {
                    output[i] = (short)((line[row] >> (Parts.Bits * i)) & Largest);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override int Zero(int* zeros, int group, int row)
    {
        int perWord = 32 / Parts.Bits;
        int word = zeros[((long)group * (Parts.Rows / perWord)) + (row / perWord)];
        return ((word >> (Parts.Bits * (row % perWord))) & Largest) + zeroOffset;
    }
}
