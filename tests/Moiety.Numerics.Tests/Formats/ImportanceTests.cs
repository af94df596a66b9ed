using Moiety.Numerics.Formats;
using Moiety.Numerics.Randomness;

namespace Moiety.Numerics.Tests.Formats;

/// <summary>Quantizing with an importance for every column.</summary>
public sealed class ImportanceTests
{
    private const int Columns = 512;
    private const int Rows = 24;

    public static TheoryData<string> Choosing =>
        [.. StorageFormats.Writable.Where(format => format.BlockLength > 1).Select(format => format.Name).Except(["Q8_0", "MXFP4"])];

    public static TheoryData<string> Indifferent => ["F32", "F16", "BF16", "Q8_0", "MXFP4"];

    [Theory]
    [MemberData(nameof(Choosing))]
    public void Important_columns_err_less_than_without(string name)
    {
        StorageFormat format = StorageFormats.ByName(name);
        (float[] values, float[] importance) = Weights();
        double without = Error(format, values, importance, []);
        double with = Error(format, values, importance, importance);
        Assert.True(with < without, $"weighted squared error {with} with importance, {without} without");
    }

    [Theory]
    [MemberData(nameof(Indifferent))]
    public void Formats_that_have_nothing_to_choose_ignore_importance(string name)
    {
        StorageFormat format = StorageFormats.ByName(name);
        (float[] values, float[] importance) = Weights();
        byte[] without = new byte[format.RowBytes(values.Length)];
        byte[] with = new byte[without.Length];
        format.Quantize(values, without);
        format.Quantize(values, with, importance);
        Assert.Equal(without, with);
    }

    [Fact]
    public void Rows_are_encoded_one_by_one()
    {
        (float[] values, float[] importance) = Weights();
        foreach (StorageFormat format in StorageFormats.Writable)
        {
            int rowBytes = (int)format.RowBytes(Columns);
            byte[] whole = new byte[rowBytes * Rows];
            format.Quantize(values, whole, importance);
            byte[] row = new byte[rowBytes];
            format.Quantize(values.AsSpan(7 * Columns, Columns), row, importance);
            Assert.Equal(whole.AsSpan(7 * rowBytes, rowBytes).ToArray(), row);
        }
    }

    [Fact]
    public void No_importance_is_plain_quantization_and_all_zero_importance_is_no_reason_to_fail()
    {
        (float[] values, _) = Weights();
        foreach (StorageFormat format in StorageFormats.Writable)
        {
            byte[] plain = new byte[format.RowBytes(values.Length)];
            byte[] empty = new byte[plain.Length];
            format.Quantize(values, plain);
            format.Quantize(values, empty, []);
            Assert.Equal(plain, empty);
            float[] decoded = new float[values.Length];
            format.Quantize(values, empty, new float[Columns]);
            format.Dequantize(empty, decoded);
            Assert.All(decoded, value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void Importance_that_does_not_fit_is_refused()
    {
        StorageFormat format = StorageFormats.Q4_K;
        byte[] blocks = new byte[format.RowBytes(512)];
        Assert.Contains("300", Assert.Throws<ArgumentException>(() => format.Quantize(new float[512], blocks, new float[300])).Message);
        foreach (float bad in new[] { -1, float.NaN, float.PositiveInfinity })
        {
            float[] importance = new float[512];
            importance[17] = bad;
            Assert.Contains("importance", Assert.Throws<ArgumentException>(() => format.Quantize(new float[512], blocks, importance)).Message);
        }
        Assert.Throws<ArgumentException>(() => format.Quantize(new float[1024], blocks, new float[512]));
    }

    private static double Error(StorageFormat format, float[] values, float[] importance, float[] used)
    {
        byte[] blocks = new byte[format.RowBytes(values.Length)];
        float[] decoded = new float[values.Length];
        format.Quantize(values, blocks, used);
        format.Dequantize(blocks, decoded);
        double error = 0;
        for (int i = 0; i < values.Length; i++)
        {
            error += importance[i % Columns] * Math.Pow(values[i] - decoded[i], 2);
        }
        return error;
    }

    private static (float[] Values, float[] Importance) Weights()
    {
        float[] values = new float[Rows * Columns];
        float[] importance = new float[Columns];
        Xoshiro256 random = new(5);
        random.FillNormal(values, 0.05);
        random.FillNormal(importance, 1.5);
        return (values, [.. importance.Select(MathF.Exp)]);
    }
}
