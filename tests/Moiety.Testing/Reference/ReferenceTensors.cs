using Moiety.Models.Checkpoints;
using Moiety.Numerics;

namespace Moiety.Testing;

/// <summary>A checkpoint's tensors in double precision, decoded when they are first asked for.</summary>
internal sealed class ReferenceTensors(Checkpoint checkpoint)
{
    private readonly Dictionary<string, double[][]> _tensors = [];

    /// <summary>[row][column].</summary>
    public double[][] Matrix(string name)
    {
        if (!_tensors.TryGetValue(name, out double[][]? rows))
        {
            rows = Decode(checkpoint.GetTensor(name));
            _tensors.Add(name, rows);
        }

        return rows;
    }

    /// <summary>The elements of a tensor of one dimension.</summary>
    public double[] Vector(string name) => Matrix(name)[0];

    /// <summary>A tensor times a vector.</summary>
    public double[] Product(string name, double[] vector) => ReferenceMath.Product(Matrix(name), vector);

    private static unsafe double[][] Decode(Matrix matrix)
    {
        double[][] rows = new double[matrix.Rows][];
        float[] row = new float[matrix.Columns];
        for (int index = 0; index < matrix.Rows; index++)
        {
            matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + index * matrix.RowBytes, (int)matrix.RowBytes), row);
            rows[index] = [.. row.Select(value => (double)value)];
        }

        return rows;
    }
}
