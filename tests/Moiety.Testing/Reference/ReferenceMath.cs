namespace Moiety.Testing;

/// <summary>Linear algebra in plain loops.</summary>
internal static class ReferenceMath
{
    public static double[] Product(double[][] matrix, double[] vector)
    {
        double[] result = new double[matrix.Length];
        for (int row = 0; row < matrix.Length; row++)
        {
            double sum = 0;
            for (int column = 0; column < vector.Length; column++)
            {
                sum += matrix[row][column] * vector[column];
            }

            result[row] = sum;
        }

        return result;
    }

    /// <summary>In place; negative infinity becomes 0, and so does everything when there is nothing else.</summary>
    public static void Softmax(double[] values)
    {
        double max = values.Max();
        double sum = 0;
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = double.IsNegativeInfinity(values[index]) ? 0 : Math.Exp(values[index] - max);
            sum += values[index];
        }

        for (int index = 0; index < values.Length && sum > 0; index++)
        {
            values[index] /= sum;
        }
    }

    /// <summary>target += factor * source.</summary>
    public static void Add(double[] target, double[] source, double factor = 1)
    {
        for (int index = 0; index < target.Length; index++)
        {
            target[index] += factor * source[index];
        }
    }
}
