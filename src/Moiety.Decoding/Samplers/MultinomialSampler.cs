using System.Buffers;
using System.Numerics.Tensors;

namespace Moiety.Decoding.Samplers;

/// <summary>
/// Draws a token with the probabilities softmax(logits). The random numbers are a function of (seed, stream, step) alone
/// (a counter-based generator), so that the same seed gives the same text on every machine and in every batch.
/// </summary>
public sealed class MultinomialSampler : Sampler
{
    /// <summary>Creates the sampler.</summary>
    /// <param name="seed">Any number; the same one gives the same draws.</param>
    public MultinomialSampler(ulong seed) => Seed = seed;

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <inheritdoc/>
    public override int Sample(in DecodingState state, ReadOnlySpan<float> logits)
    {
        double[] weights = ArrayPool<double>.Shared.Rent(logits.Length);
        float maximum = TensorPrimitives.Max(logits);
        double total = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            double weight = logits[id] > float.NegativeInfinity ? PortableMath.Exp((double)logits[id] - maximum) : 0;
            weights[id] = weight;
            total += weight;
        }

        // Inverse of the cumulative distribution. Rounding may leave a rest after the last token: the last possible one takes it.
        double rest = CounterRandom.Uniform(Seed, (uint)state.Stream, (uint)state.Step) * total;
        int chosen = -1;
        for (int id = 0; id < logits.Length; id++)
        {
            if (weights[id] > 0)
            {
                chosen = id;
                rest -= weights[id];
                if (rest < 0)
                {
                    break;
                }
            }
        }

        ArrayPool<double>.Shared.Return(weights);
        return chosen;
    }
}
