using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;

namespace Moiety.Inference.Model;

/// <summary>
/// Finds a checkpoint's tensors by their canonical names and checks them against the shapes that the configuration asks for.
/// </summary>
/// <param name="checkpoint">Where the tensors are; they are viewed, not copied (norms and biases are).</param>
/// <param name="verify">Whether to look for values that are not finite in all tensors, not in vectors only.</param>
internal sealed unsafe class WeightReader(Checkpoint checkpoint, bool verify)
{
    /// <summary>The architecture.</summary>
    public ModelConfig Config => checkpoint.Config;

    /// <summary>A tensor of two dimensions, where it lies.</summary>
    /// <exception cref="InvalidCheckpointException">It is missing, misshapen, or (when asked for) has NaN in it.</exception>
    public Matrix Matrix(string name, int rows, int columns)
    {
        Matrix matrix = checkpoint.GetTensor(name);
        if (matrix.Rows != rows || matrix.Columns != columns)
        {
            throw WrongShape(name, matrix, $"[{rows}, {columns}]");
        }

        if (verify)
        {
            float[] values = new float[columns];
            for (int row = 0; row < rows; row++)
            {
                Decode(matrix, row, values);
                RequireFinite(name, values, row);
            }
        }

        return matrix;
    }

    /// <summary>
    /// A tensor of two dimensions whose products keep single precision: where its format would have activations quantized, a decoded
    /// copy. For the few rows of routers, whose choices must not hang on rounding.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">It is missing, misshapen, or (when asked for) has NaN in it.</exception>
    public Matrix PreciseMatrix(string name, int rows, int columns)
    {
        Matrix matrix = Matrix(name, rows, columns);
        if (matrix.Format.Activations == ActivationForms.Single)
        {
            return matrix;
        }

        AlignedBuffer decoded = new((long)rows * columns * sizeof(float));
        for (int row = 0; row < rows; row++)
        {
            Decode(matrix, row, new Span<float>(decoded.As<float>() + (long)row * columns, columns));
        }

        return new Matrix(StorageFormats.F32, rows, columns, decoded.Pointer, decoded);
    }

    /// <summary>A copy of a vector.</summary>
    /// <exception cref="InvalidCheckpointException">It is missing, misshapen or has NaN in it.</exception>
    public float[] Vector(string name, int length)
    {
        Matrix matrix = checkpoint.GetTensor(name);
        if ((long)matrix.Rows * matrix.Columns != length || matrix.Rows != 1 && matrix.Columns != 1)
        {
            throw WrongShape(name, matrix, $"[{length}]");
        }

        float[] values = new float[length];
        for (int row = 0; row < matrix.Rows; row++)
        {
            Decode(matrix, row, values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        RequireFinite(name, values, 0);
        return values;
    }

    /// <summary>The table of hash routing: the expert of each token id, [vocabulary].</summary>
    /// <exception cref="InvalidCheckpointException">It is missing, made for another vocabulary, or names an expert that is not there.</exception>
    public int[] ExpertTable(string name, int experts)
    {
        Matrix matrix = checkpoint.GetTensor(name);
        long length = (long)matrix.Rows * matrix.Columns;
        if (length != Config.VocabularySize)
        {
            throw new InvalidCheckpointException(
                checkpoint.Path, name,
                $"the table gives {length} token ids their experts, the model's vocabulary has {Config.VocabularySize}. It was made for another tokenizer: use the checkpoint that it came with.");
        }

        float[] values = Vector(name, Config.VocabularySize);
        int[] table = new int[values.Length];
        for (int id = 0; id < table.Length; id++)
        {
            float value = values[id];
            table[id] = value >= 0 && value < experts && value == MathF.Floor(value)
                ? (int)value
                : throw new InvalidCheckpointException(
                    checkpoint.Path, name, $"token id {id} has the expert {value}, which is none of the layer's {experts}. The tensor is damaged, or was rounded by a tool that takes it for a weight.");
        }

        return table;
    }

    /// <summary>A copy of a vector that some models have; empty for the others.</summary>
    public float[] Vector(bool present, string name, int length) => present ? Vector(name, length) : [];

    /// <summary>A norm of the residual stream, of the model's kind, with the parameters that the kind has.</summary>
    public Norm Norm(string weight, string bias) => new(
        Config.Norm,
        Config.HiddenSize,
        Config.NormEpsilon,
        Vector(Config.Norm != NormKind.LayerWithoutParameters, weight, Config.HiddenSize),
        Vector(Config.Norm == NormKind.Layer, bias, Config.HiddenSize));

    /// <summary>A norm of a branch's output: it has a weight only.</summary>
    public Norm OutputNorm(string weight) => new(Config.Norm, Config.HiddenSize, Config.NormEpsilon, Vector(weight, Config.HiddenSize), []);

    private void RequireFinite(string name, ReadOnlySpan<float> values, int row)
    {
        for (int column = 0; column < values.Length; column++)
        {
            if (!float.IsFinite(values[column]))
            {
                throw new InvalidCheckpointException(
                    checkpoint.Path, name,
                    $"the value at [{row}, {column}] is {values[column]}. The weights are damaged, or training diverged: use another checkpoint.");
            }
        }
    }

    private InvalidCheckpointException WrongShape(string name, Matrix matrix, string expected) => new(
        checkpoint.Path, name,
        $"the tensor has the shape [{matrix.Rows}, {matrix.Columns}], the configuration asks for {expected}. The configuration belongs to another model, or the tensor is damaged.");

    private static void Decode(Matrix matrix, int row, Span<float> values) =>
        matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + row * matrix.RowBytes, (int)matrix.RowBytes), values);
}
