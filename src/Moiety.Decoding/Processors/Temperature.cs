using System.Numerics.Tensors;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Divides all logits by a temperature: below 1 sharpens the distribution, above 1 flattens it. Hugging Face:
/// <c>TemperatureLogitsWarper</c>.
/// </summary>
public sealed class Temperature : LogitsProcessor
{
    /// <summary>Smallest temperature: below it, quotients overflow and the text is the greedy one anyway.</summary>
    public const float Smallest = 0.001f;

    /// <summary>Creates the processor.</summary>
    /// <param name="value">The temperature, from <see cref="Smallest"/> up.</param>
    /// <exception cref="InvalidInputException">The temperature is too small, or not a number.</exception>
    public Temperature(float value)
    {
        if (!(value >= Smallest) || !float.IsFinite(value))
        {
            throw new InvalidInputException($"temperature must be a number from {Smallest} up, not {value}; for the likeliest token every time, decode greedily.");
        }

        Value = value;
    }

    /// <summary>The divisor.</summary>
    public float Value { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits) => TensorPrimitives.Divide(logits, Value, logits);
}
