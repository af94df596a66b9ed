namespace Moiety.Parity.Tests;

/// <summary>How far two runs of the same tokens lie apart.</summary>
public static class LogitDistance
{
    /// <summary>The largest |Δlogit| over all positions, relative to the range (highest minus lowest) of the expected logits.</summary>
    public static double Relative(double[][] expected, float[][] actual) => PerPosition(expected, actual).Max();

    /// <summary>The same between two runs in single precision.</summary>
    public static double Relative(float[][] expected, float[][] actual) =>
        Relative([.. expected.Select(row => Array.ConvertAll(row, value => (double)value))], actual);

    /// <summary>The largest |Δlogit| of each position, relative to the range of all expected logits.</summary>
    public static double[] PerPosition(double[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double range = expected.Max(row => row.Max()) - expected.Min(row => row.Min());
        double[] distances = new double[expected.Length];
        for (int t = 0; t < expected.Length; t++)
        {
            Assert.Equal(expected[t].Length, actual[t].Length);
            for (int i = 0; i < expected[t].Length; i++)
            {
                double difference = Math.Abs(expected[t][i] - actual[t][i]);
                Assert.True(double.IsFinite(difference), $"Position {t}, token {i}: {expected[t][i]} against {actual[t][i]}.");
                distances[t] = Math.Max(distances[t], difference / range);
            }
        }

        return distances;
    }
}
