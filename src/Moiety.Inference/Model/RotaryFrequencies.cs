using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// How fast each pair of a head turns: theta^(-2i / d) turns the pair i by so many radians per position (arXiv 2104.09864), changed
/// by the published rules for longer contexts.
/// </summary>
internal sealed class RotaryFrequencies
{
    private readonly double[] _frequencies;

    /// <param name="config">Base, dimensions and scaling.</param>
    /// <param name="headSize">Elements of the head, or of its part that may be rotated.</param>
    /// <param name="contextLength">
    /// Longest sequence that the engine takes. <see cref="FactorRotaryScaling"/> has two sets of frequencies: the long one serves
    /// engines whose context goes beyond the original one, whatever the length of a sequence, since cached keys cannot change theirs.
    /// </param>
    public RotaryFrequencies(RotaryConfig config, int headSize, int contextLength)
    {
        int dimensions = config.Dimensions ?? headSize;
        _frequencies = new double[dimensions / 2];
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            _frequencies[pair] = Math.Pow(config.Theta, -2.0 * pair / dimensions);
        }

        switch (config.Scaling)
        {
            case null:
                break;
            case LinearRotaryScaling linear:
                Change((_, frequency) => frequency / linear.Factor);
                break;
            case Llama3RotaryScaling llama:
                Change((_, frequency) => Llama3(llama, frequency));
                break;
            case YarnRotaryScaling yarn:
                (double low, double high) = YarnRamp(yarn, config.Theta, dimensions);
                Change((pair, frequency) => Yarn(yarn.Factor, frequency, (pair - low) / (high - low)));
                Magnitude = yarn.AttentionFactor ?? (yarn.Factor > 1 ? 0.1 * Math.Log(yarn.Factor) + 1 : 1);
                break;
            case FactorRotaryScaling factors:
                bool isLong = contextLength > factors.OriginalContextLength;
                Change((pair, frequency) => frequency / (isLong ? factors.Long : factors.Short)[pair]);
                Magnitude = factors.AttentionFactor;
                break;
            default:
                throw new NotSupportedException($"The rule {config.Scaling.GetType().Name} for rotary frequencies is not known.");
        }
    }

    /// <summary>Radians per position of each pair.</summary>
    public ReadOnlySpan<double> Values => _frequencies;

    /// <summary>Factor of cosines and sines.</summary>
    public double Magnitude { get; } = 1;

    private void Change(Func<int, double, double> rule)
    {
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            _frequencies[pair] = rule(pair, _frequencies[pair]);
        }
    }

    private static double Llama3(Llama3RotaryScaling scaling, double frequency)
    {
        double turns = scaling.OriginalContextLength * frequency / (2 * Math.PI);
        double kept = (turns - scaling.LowFrequencyFactor) / ((double)scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return Blend(frequency / scaling.Factor, frequency, kept);
    }

    private static double Yarn(double factor, double frequency, double ramp) => Blend(frequency, frequency / factor, ramp);

    /// <summary>From the first value at 0 to the second at 1, and the nearer one outside.</summary>
    private static double Blend(double first, double second, double share)
    {
        share = Math.Clamp(share, 0, 1);
        return (1 - share) * first + share * second;
    }

    /// <summary>The pairs between which YaRN goes over from kept to interpolated frequencies (arXiv 2309.00071, section 3.2).</summary>
    private static (double Low, double High) YarnRamp(YarnRotaryScaling scaling, double theta, int dimensions)
    {
        double PairOf(double turns) =>
            dimensions * Math.Log(scaling.OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));

        double low = PairOf(scaling.BetaFast);
        double high = PairOf(scaling.BetaSlow);
        if (scaling.Truncate)
        {
            low = Math.Floor(low);
            high = Math.Ceiling(high);
        }

        low = Math.Max(low, 0);
        high = Math.Min(high, dimensions - 1);

        // As the reference implementations keep the ramp from being vertical.
        return (low, high - low > 0.001 ? high : low + 0.001);
    }
}
