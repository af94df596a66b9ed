using Moiety.Evaluation.Quantization;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Evaluation.Tests;

/// <summary>Calibration measures what the matrices are multiplied with, and quantizers use it.</summary>
public class CalibrationTests
{
    private static readonly string[] Texts =
    [
        "Once upon a time, a kind girl named Nina lived on a quiet street. One day, Nina went to the market and bought three red apples.",
        "Tom had two blue kites. He gave one kite to Mia. Mia was happy. \"Thank you, Tom,\" said Mia.",
        "Question: Who has the drum at the end?\nAnswer: Clara\nQuestion: How did Nina feel?\nAnswer: Happy",
    ];

    [Theory]
    [InlineData("Q2_K")]
    [InlineData("Q3_K")]
    [InlineData("Q4_K")]
    [InlineData("Q4_0")]
    [InlineData("IQ4_NL")]
    public void Calibrated_rounding_errs_less_where_it_matters(string format)
    {
        using Checkpoint checkpoint = Checkpoint.Open(EmbeddedModel.Path);
        ImportanceMatrix importance = Calibration.Measure(checkpoint, Texts, cancellationToken: TestContext.Current.CancellationToken);
        StorageFormat target = StorageFormats.ByName(format);
        double alike = 0;
        double calibrated = 0;
        foreach (TensorSpec tensor in TensorCatalog.For(checkpoint.Config).Where(tensor => tensor.Layer is 0 or 1 && tensor.Expert < 1 && tensor.Columns % target.BlockLength == 0 && !importance.Of(tensor.Name).IsEmpty))
        {
            alike += WeightedError(checkpoint.GetTensor(tensor.Name), target, importance.Of(tensor.Name).Span, []);
            calibrated += WeightedError(checkpoint.GetTensor(tensor.Name), target, importance.Of(tensor.Name).Span, importance.Of(tensor.Name).Span);
        }

        Assert.InRange(calibrated / alike, 0, 0.97);
    }

    [Fact]
    public void Importance_is_the_mean_square_of_the_input()
    {
        using Checkpoint checkpoint = Checkpoint.Open(EmbeddedModel.Path);
        ImportanceMatrix importance = Calibration.Measure(checkpoint, Texts, cancellationToken: TestContext.Current.CancellationToken);
        int columns = checkpoint.Config.HiddenSize;
        double[] squares = new double[columns];
        float[] norm = new float[columns];
        Read(checkpoint.GetTensor(TensorNames.AttentionNorm(0)), 0, norm);
        int[] tokens = [.. Texts.SelectMany(text => checkpoint.Tokenizer!.Encode(text))];
        float[] row = new float[columns];
        foreach (int token in tokens)
        {
            Read(checkpoint.GetTensor(TensorNames.Embedding), token, row);
            double scale = 1 / Math.Sqrt((row.Sum(value => (double)value * value) / columns) + checkpoint.Config.NormEpsilon);
            for (int column = 0; column < columns; column++)
            {
                squares[column] += Math.Pow(row[column] * scale * norm[column], 2) / tokens.Length;
            }
        }

        ReadOnlyMemory<float> measured = importance.Of(TensorNames.Query(0));
        for (int column = 0; column < columns; column++)
        {
            Assert.Equal(squares[column], measured.Span[column], squares[column] * 1e-5);
        }

        // Experts, the fixed MLP beside them and the head, which is the embedding, are measured too.
        Assert.Contains(importance.Tensors, name => name.Contains(".experts.", StringComparison.Ordinal));
        Assert.Contains(TensorNames.ResidualDown(1), importance.Tensors);
        Assert.Contains(TensorNames.Embedding, importance.Tensors);
    }

    private static unsafe void Read(Matrix matrix, int row, Span<float> values) =>
        matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), (int)matrix.RowBytes), values);

    private static unsafe double WeightedError(Matrix matrix, StorageFormat format, ReadOnlySpan<float> weights, ReadOnlySpan<float> importance)
    {
        float[] exact = new float[matrix.Columns];
        float[] rounded = new float[matrix.Columns];
        byte[] bytes = new byte[format.RowBytes(matrix.Columns)];
        double error = 0;
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), (int)matrix.RowBytes), exact);
            format.Quantize(exact, bytes, importance);
            format.Dequantize(bytes, rounded);
            for (int column = 0; column < exact.Length; column++)
            {
                double difference = exact[column] - rounded[column];
                error += weights[column] * difference * difference;
            }
        }

        return error;
    }
}
