using Moiety.Numerics.Randomness;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>Noise from Moiety's own generators, which give the same numbers on every machine.</summary>
internal static class RandomTensors
{
    // The smallest step of the generator: keeps logarithms finite.
    private const double Tiny = 1.0 / (1UL << 54);

    /// <summary>Uniform in [low, high), in F32, with the shape and on the device of a tensor.</summary>
    internal static Tensor Uniform(Tensor like, double low, double high, Xoshiro256 random)
    {
        float[] values = new float[like.numel()];
        foreach (ref float value in values.AsSpan())
        {
            value = (float)(low + ((high - low) * random.NextDouble()));
        }

        return tensor(values, like.shape, device: like.device);
    }

    /// <summary>Standard normal.</summary>
    internal static Tensor Normal(Tensor like, Xoshiro256 random)
    {
        float[] values = new float[like.numel()];
        random.FillNormal(values, 1);
        return tensor(values, like.shape, device: like.device);
    }

    /// <summary>Adds standard Gumbel noise, -ln(-ln U): the largest of logits with it is a draw from their softmax.</summary>
    internal static void AddGumbel(Span<float> logits, ref Xoshiro256 random)
    {
        foreach (ref float logit in logits)
        {
            logit -= (float)Math.Log(-Math.Log(random.NextDouble() + Tiny));
        }
    }
}
