using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Models.Experts;

/// <summary>Decodes tensors of a checkpoint.</summary>
internal static unsafe class TensorValues
{
    /// <summary>The values of a tensor, row-major.</summary>
    /// <exception cref="InvalidInputException">It is missing, misshapen or too large.</exception>
    public static float[] Read(Checkpoint checkpoint, TensorSpec tensor)
    {
        float[] values = new float[CountOf(tensor)];
        Matrix matrix = checkpoint.OpenTensor(tensor.Name, out IDisposable? copy);
        using IDisposable? held = copy;
        if (matrix.Rows != tensor.Rows || matrix.Columns != tensor.Columns)
        {
            throw new InvalidCheckpointException(checkpoint.Path, tensor.Name, $"the tensor has the shape [{matrix.Rows}, {matrix.Columns}], the configuration asks for {tensor.ShapeText}.");
        }

        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Dequantize(
                new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), checked((int)matrix.RowBytes)), values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return values;
    }

    /// <summary>Number of elements.</summary>
    /// <exception cref="InvalidInputException">They do not fit an array.</exception>
    public static int CountOf(TensorSpec tensor) => tensor.ElementCount <= Array.MaxLength
        ? (int)tensor.ElementCount
        : throw new InvalidInputException($"tensor \"{tensor.Name}\" of shape {tensor.ShapeText} has more than {Array.MaxLength} elements.");
}
