using System.Diagnostics;
using System.Globalization;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Benchmarks;

/// <summary>
/// All storage formats side by side in half a minute: decoding from memory and prefill, one thread. The formats take turns, and
/// the best of several rounds counts, so that a busy machine disturbs the comparison little.
/// </summary>
internal static unsafe class FormatTable
{
    private const int Columns = 4096;
    private const long DecodeBytes = 96L << 20;
    private const int PrefillRows = 512;
    private const int PrefillTokens = 128;
    private const int Rounds = 40;

    /// <summary>Measures and prints.</summary>
    public static void Print(TextWriter output)
    {
        using WorkerTeam team = new(1);
        using AlignedBuffer x = EncodedMatrix.Activations(PrefillTokens, Columns);
        using ActivationBuffer activations = new(PrefillTokens, Columns);
        StorageFormat[] formats = [.. StorageFormats.All];
        Matrix[] weights = [.. formats.Select(format => EncodedMatrix.Create(format, (int)(DecodeBytes / format.RowBytes(Columns)), Columns))];
        using AlignedBuffer y = new((long)Math.Max(weights.Max(matrix => matrix.Rows), PrefillRows * PrefillTokens) * sizeof(float));
        double[] decode = [.. Enumerable.Repeat(double.PositiveInfinity, formats.Length)];
        double[] prefill = [.. decode];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < formats.Length; i++)
            {
                Matrix few = new(formats[i], PrefillRows, Columns, weights[i].Data, weights[i]);
                decode[i] = Math.Min(decode[i], Seconds(weights[i], 1));
                prefill[i] = Math.Min(prefill[i], Seconds(few, PrefillTokens));
            }
        }
        double reference = Rate(Array.IndexOf(formats, StorageFormats.Q8_0));
        output.WriteLine("format   bits/weight  decode GB/s  of Q8_0's  10^9 weights/s  prefill GFLOP/s");
        for (int i = 0; i < formats.Length; i++)
        {
            double values = (double)weights[i].Rows * Columns / decode[i] / 1e9;
            double operations = 2.0 * PrefillRows * Columns * PrefillTokens / prefill[i] / 1e9;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{formats[i].Name,-8} {formats[i].BitsPerElement,11:0.####} {Rate(i),12:F1} {Rate(i) / reference,10:P0} {values,15:F1} {operations,16:F0}"));
            (weights[i].Owner as IDisposable)?.Dispose();
        }

        double Rate(int i) => weights[i].ByteLength / decode[i] / 1e9;

        double Seconds(Matrix matrix, int n)
        {
            long start = Stopwatch.GetTimestamp();
            MatrixProduct.Multiply(team, matrix, x.As<float>(), n, y.As<float>(), activations);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
