using Moiety.Models.Configuration;

namespace Moiety.Training.Modules;

/// <summary>Radians per position of each pair of a head: theta^(-2i/d), stretched by the published rules for longer contexts.</summary>
internal static class RotaryFrequencies
{
    /// <summary>The frequencies of all pairs.</summary>
    /// <param name="config">Base and scaling.</param>
    /// <param name="dimensions">Elements of a head that turn.</param>
    /// <param name="contextLength">Longest sequence; decides between short and long divisors.</param>
    internal static double[] Of(RotaryConfig config, int dimensions, int contextLength) =>
        [.. Enumerable.Range(0, dimensions / 2).Select(pair => Stretch(config, Math.Pow(config.Theta, -2.0 * pair / dimensions), pair, dimensions, contextLength))];

    /// <summary>Factor of cosines and sines.</summary>
    internal static double Magnitude(RotaryScaling? scaling) => scaling switch
    {
        YarnRotaryScaling yarn => yarn.AttentionFactor ?? (yarn.Factor > 1 ? 0.1 * Math.Log(yarn.Factor) + 1 : 1),
        FactorRotaryScaling factors => factors.AttentionFactor,
        _ => 1,
    };

    private static double Stretch(RotaryConfig config, double frequency, int pair, int dimensions, int contextLength)
    {
        switch (config.Scaling)
        {
            case null:
                return frequency;
            case LinearRotaryScaling linear:
                return frequency / linear.Factor;
            case FactorRotaryScaling factors:
                return frequency / (contextLength > factors.OriginalContextLength ? factors.Long : factors.Short)[pair];
            case Llama3RotaryScaling llama:
                double turns = llama.OriginalContextLength * frequency / (2 * Math.PI);
                double kept = (turns - llama.LowFrequencyFactor) / ((double)llama.HighFrequencyFactor - llama.LowFrequencyFactor);
                return Between(frequency / llama.Factor, frequency, kept);
            case YarnRotaryScaling yarn:
                // Between the pairs that turn BetaFast and BetaSlow times in the original context (arXiv 2309.00071, section 3.2).
                double Pair(double count) => dimensions * Math.Log(yarn.OriginalContextLength / (count * 2 * Math.PI)) / (2 * Math.Log(config.Theta));
                double low = Math.Max(yarn.Truncate ? Math.Floor(Pair(yarn.BetaFast)) : Pair(yarn.BetaFast), 0);
                double high = Math.Min(yarn.Truncate ? Math.Ceiling(Pair(yarn.BetaSlow)) : Pair(yarn.BetaSlow), dimensions - 1);
                return Between(frequency, frequency / yarn.Factor, (pair - low) / Math.Max(high - low, 0.001));
            default:
                throw new NotSupportedException($"The rule {config.Scaling.GetType().Name} for rotary frequencies is not known.");
        }
    }

    private static double Between(double first, double second, double share) => first + ((second - first) * Math.Clamp(share, 0, 1));
}
