using CsCheck;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Tests.Kernels;

public sealed unsafe class AttentionTests
{
    public static TheoryData<string> Formats => [.. StorageFormats.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Scores_and_weighted_sums_equal_scalar_loops(string name)
    {
        StorageFormat format = StorageFormats.ByName(name);
        int[] dimensions = format.BlockLength == 1 ? [.. Enumerable.Range(1, 40), 64, 80, 128] : [.. Enumerable.Range(1, 4).Select(blocks => blocks * format.BlockLength)];
        foreach (int dimension in dimensions)
        {
            const int Count = 13;
            Matrix cache = Sample.Matrix(format, Count, dimension, seed: 1);
            float[] rows = Sample.Decode(cache);
            float[] query = Sample.Values(dimension, seed: 2);
            float[] weights = Sample.Values(Count, seed: 3);
            float[] scores = new float[Count];
            float[] output = Sample.Values(dimension, seed: 4);
            double[] expected = [.. output.Select(value => (double)value)];
            fixed (float* q = query, w = weights, s = scores, o = output)
            {
                Attention.Scores(format, q, cache.Data, cache.RowBytes, Count, dimension, 0.25f, s);
                Attention.Accumulate(format, w, cache.Data, cache.RowBytes, Count, dimension, o);
            }
            for (int i = 0; i < Count; i++)
            {
                Assert.Equal(0.25 * Sample.Dot(rows.AsSpan(i * dimension, dimension), query), scores[i], 2e-6 * (1 + Math.Sqrt(dimension)));
                for (int d = 0; d < dimension; d++)
                {
                    expected[d] += (double)weights[i] * rows[(i * dimension) + d];
                }
            }
            for (int d = 0; d < dimension; d++)
            {
                Assert.Equal(expected[d], output[d], 2e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Page_boundaries_change_no_bit(string name)
    {
        StorageFormat format = StorageFormats.ByName(name);
        int dimension = Sample.Whole(format, 96);
        const int Count = 50;
        Matrix cache = Sample.Matrix(format, Count, dimension, seed: 5);
        float[] query = Sample.Values(dimension, seed: 6);
        float[] weights = Sample.Values(Count, seed: 7);
        (float[] scores, float[] output) = Attend(format, cache, query, weights, Count);
        Gen.Int[1, Count].Sample(page =>
        {
            (float[] pagedScores, float[] pagedOutput) = Attend(format, cache, query, weights, page);
            Assert.Equal(scores, pagedScores);
            Assert.Equal(output, pagedOutput);
        });
    }

    [Fact]
    public void Rows_may_lie_apart()
    {
        Matrix cache = Sample.Matrix(StorageFormats.F16, 8, 64, seed: 8);
        float[] query = Sample.Values(32, seed: 9);
        float[] scores = new float[8];
        fixed (float* q = query, s = scores)
        {
            Attention.Scores(StorageFormats.F16, q, cache.Data + 64, cache.RowBytes, 8, 32, 1, s);
        }
        float[] rows = Sample.Decode(cache);
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(Sample.Dot(rows.AsSpan((i * 64) + 32, 32), query), scores[i], 1e-5);
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_named()
    {
        float value = 0;
        float* p = &value;
        string message = Assert.Throws<ArgumentException>(() => Attention.Scores(StorageFormats.F16, p, null, 100, 3, 64, 1, p)).Message;
        Assert.Contains("3 rows of 64 F16", message);
        Assert.Contains("100 bytes", message);
        Assert.Throws<ArgumentException>(() => Attention.Accumulate(StorageFormats.F16, p, null, 128, -1, 64, p));
        Assert.Throws<ArgumentException>(() => Attention.Accumulate(StorageFormats.Q8_0, p, null, 128, 1, 33, p));
    }

    private static (float[] Scores, float[] Output) Attend(StorageFormat format, Matrix cache, float[] query, float[] weights, int page)
    {
        float[] scores = new float[cache.Rows];
        float[] output = new float[cache.Columns];
        fixed (float* q = query, w = weights, s = scores, o = output)
        {
            for (int start = 0; start < cache.Rows; start += page)
            {
                int count = Math.Min(page, cache.Rows - start);
                byte* rows = cache.Data + (start * cache.RowBytes);
                Attention.Scores(format, q, rows, cache.RowBytes, count, cache.Columns, 0.1f, s + start);
                Attention.Accumulate(format, w + start, rows, cache.RowBytes, count, cache.Columns, o);
            }
        }
        return (scores, output);
    }
}
