using System.Numerics.Tensors;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// A temperature that follows the entropy of the distribution: the lowest one where the model is sure, the highest one where all
/// tokens are equally likely, T = lowest + (highest - lowest) (H / H_max)^exponent, with H_max the logarithm of the number of
/// tokens that are not forbidden (EDT, Zhang et al., arXiv 2403.14541, has the idea; the formula is llama.cpp's <c>dynatemp</c>).
/// </summary>
public sealed class DynamicTemperature : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="highest">Temperature of a uniform distribution, from <see cref="Temperature.Smallest"/> up.</param>
    /// <param name="lowest">Temperature of a certain one, from <see cref="Temperature.Smallest"/> to the highest.</param>
    /// <param name="exponent">Above 1 stays low for longer, below 1 rises sooner; above 0.</param>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public DynamicTemperature(float highest, float lowest, float exponent)
    {
        if (!(highest >= Temperature.Smallest) || !float.IsFinite(highest))
        {
            throw new InvalidInputException($"dynamic-temperature must be a number from {Temperature.Smallest} up, not {highest}.");
        }

        if (!(lowest >= Temperature.Smallest && lowest <= highest))
        {
            throw new InvalidInputException($"dynamic-temperature-min must be from {Temperature.Smallest} to the highest temperature, {highest}, not {lowest}.");
        }

        if (!(exponent > 0) || !float.IsFinite(exponent))
        {
            throw new InvalidInputException($"dynamic-temperature-exponent must be a number above 0, not {exponent}.");
        }

        Highest = highest;
        Lowest = lowest;
        Exponent = exponent;
    }

    /// <summary>Temperature of a uniform distribution.</summary>
    public float Highest { get; }

    /// <summary>Temperature of a certain distribution.</summary>
    public float Lowest { get; }

    /// <summary>The exponent of the relative entropy.</summary>
    public float Exponent { get; }

    internal static LogitsProcessorDefinition Definition { get; } = new(
        [
            new("dynamic-temperature", "A temperature that follows how unsure the model is, up to this one"),
            new("dynamic-temperature-min", "Temperature where the model is sure", Default: 0.2),
            new("dynamic-temperature-exponent", "Above 1 stays low for longer, below 1 rises sooner", Default: 1),
        ],
        true,
        settings => new DynamicTemperature(
            (float)settings.Number("dynamic-temperature"), (float)settings.Number("dynamic-temperature-min"), (float)settings.Number("dynamic-temperature-exponent")))
    {
        Excludes = ["temperature"],
        ExclusionReason = "each sets the one temperature",
    };

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        int count = logits.Length - logits.Count(float.NegativeInfinity);
        if (count <= 1)
        {
            return;
        }

        double entropy;
        using (Softmax softmax = new(logits))
        {
            entropy = softmax.Entropy;
        }

        double relative = Math.Clamp(entropy / PortableMath.Log(count), 1e-300, 1);
        double temperature = Lowest + ((Highest - Lowest) * PortableMath.Exp(Exponent * PortableMath.Log(relative)));
        TensorPrimitives.Divide(logits, (float)temperature, logits);
    }
}
