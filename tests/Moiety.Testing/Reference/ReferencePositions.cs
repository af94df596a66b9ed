using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Positions as the papers and the models' own code write them down: rotary angles, one at a time, and the slopes of ALiBi.</summary>
public static class ReferencePositions
{
    /// <summary>Turns a head in place.</summary>
    /// <param name="head">The head.</param>
    /// <param name="position">Its position.</param>
    /// <param name="rotary">How heads turn.</param>
    /// <param name="contextLength">Longest sequence that is expected.</param>
    public static void Rotate(Span<double> head, int position, RotaryConfig rotary, int contextLength)
    {
        int dimensions = rotary.Dimensions ?? head.Length;
        int half = dimensions / 2;
        double magnitude = Magnitude(rotary.Scaling);
        for (int pair = 0; pair < half; pair++)
        {
            double angle = position * Frequency(rotary, dimensions, pair, contextLength);
            int first = rotary.Interleaved ? 2 * pair : pair;
            int second = rotary.Interleaved ? 2 * pair + 1 : pair + half;
            (double x, double y) = (head[first], head[second]);
            head[first] = magnitude * (x * Math.Cos(angle) - y * Math.Sin(angle));
            head[second] = magnitude * (x * Math.Sin(angle) + y * Math.Cos(angle));
        }
    }

    /// <summary>Radians per position of a pair.</summary>
    public static double Frequency(RotaryConfig rotary, int dimensions, int pair, int contextLength)
    {
        double inverse = 1 / Math.Pow(rotary.Theta, 2 * pair / (double)dimensions);
        switch (rotary.Scaling)
        {
            case LinearRotaryScaling linear:
                return inverse / linear.Factor;

            case Llama3RotaryScaling llama:
                double wavelength = 2 * Math.PI / inverse;
                if (wavelength < llama.OriginalContextLength / (double)llama.HighFrequencyFactor)
                {
                    return inverse;
                }

                if (wavelength > llama.OriginalContextLength / (double)llama.LowFrequencyFactor)
                {
                    return inverse / llama.Factor;
                }

                double smooth = (llama.OriginalContextLength / wavelength - llama.LowFrequencyFactor) / (llama.HighFrequencyFactor - (double)llama.LowFrequencyFactor);
                return (1 - smooth) * inverse / llama.Factor + smooth * inverse;

            case YarnRotaryScaling yarn:
                double low = CorrectionDimension(yarn.BetaFast, dimensions, rotary.Theta, yarn.OriginalContextLength);
                double high = CorrectionDimension(yarn.BetaSlow, dimensions, rotary.Theta, yarn.OriginalContextLength);
                (low, high) = yarn.Truncate ? (Math.Floor(low), Math.Ceiling(high)) : (low, high);
                (low, high) = (Math.Max(low, 0), Math.Min(high, dimensions - 1));
                high = low == high ? high + 0.001 : high;
                double extrapolated = 1 - Math.Clamp((pair - low) / (high - low), 0, 1);
                return inverse / yarn.Factor * (1 - extrapolated) + inverse * extrapolated;

            case FactorRotaryScaling factors:
                return inverse / (contextLength <= factors.OriginalContextLength ? factors.Short : factors.Long)[pair];

            default:
                return inverse;
        }
    }

    /// <summary>Factor of cosines and sines.</summary>
    public static double Magnitude(RotaryScaling? scaling) => scaling switch
    {
        YarnRotaryScaling { AttentionFactor: { } factor } => factor,
        YarnRotaryScaling yarn when yarn.Factor > 1 => 0.1 * Math.Log(yarn.Factor) + 1,
        FactorRotaryScaling factors => factors.AttentionFactor,
        _ => 1,
    };

    /// <summary>The slopes as the paper's authors compute them.</summary>
    public static double[] AlibiSlopes(int heads, double maxBias)
    {
        int power = 1 << (int)Math.Floor(Math.Log2(heads));
        if (power == heads)
        {
            double start = Math.Pow(2, -maxBias / heads);
            return [.. Enumerable.Range(1, heads).Select(head => Math.Pow(start, head))];
        }

        return [.. AlibiSlopes(power, maxBias), .. AlibiSlopes(2 * power, maxBias).Where((_, index) => index % 2 == 0).Take(heads - power)];
    }

    private static double CorrectionDimension(double rotations, int dimensions, double theta, int context) =>
        dimensions * Math.Log(context / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
}
