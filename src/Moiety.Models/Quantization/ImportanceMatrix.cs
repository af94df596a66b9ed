using Moiety.Models.Configuration;

namespace Moiety.Models.Quantization;

/// <summary>
/// How much each column of each matrix matters: the mean square of what it was multiplied with while a calibration text was read. A
/// quantizer spends its precision on the columns that matter, as llama.cpp does with its importance matrix.
/// </summary>
public sealed class ImportanceMatrix
{
    private readonly Dictionary<string, Sums> _tensors = new(StringComparer.Ordinal);

    /// <summary>Names of the tensors that were multiplied with anything. Experts that no token visited are missing.</summary>
    public IReadOnlyCollection<string> Tensors => [.. _tensors.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Counts one row of inputs.</summary>
    /// <param name="tensor">Canonical name of the matrix, see <see cref="TensorNames"/>.</param>
    /// <param name="row">What its columns are multiplied with.</param>
    /// <exception cref="ArgumentException">Earlier rows of the same tensor had another length.</exception>
    public void Add(string tensor, ReadOnlySpan<float> row)
    {
        if (!_tensors.TryGetValue(tensor, out Sums? sums))
        {
            sums = new Sums(row.Length);
            _tensors.Add(tensor, sums);
        }

        sums.Add(row);
    }

    /// <summary>The importance of each column: 0 or more, or empty where nothing is known.</summary>
    public ReadOnlyMemory<float> Of(string tensor) => _tensors.TryGetValue(tensor, out Sums? sums) ? sums.Means() : default;

    private sealed class Sums(int columns)
    {
        private readonly double[] _squares = new double[columns];
        private long _rows;

        public void Add(ReadOnlySpan<float> row)
        {
            if (row.Length != _squares.Length)
            {
                throw new ArgumentException($"A row of {row.Length} inputs for a matrix of {_squares.Length} columns.", nameof(row));
            }

            for (int column = 0; column < row.Length; column++)
            {
                _squares[column] += (double)row[column] * row[column];
            }

            _rows++;
        }

        public float[] Means() => Array.ConvertAll(_squares, square => (float)(square / _rows));
    }
}
