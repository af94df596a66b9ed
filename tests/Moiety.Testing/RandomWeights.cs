using System.Security.Cryptography;
using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>
/// Random weights of any architecture, of a size that keeps activations in range: a function of the seed, the tensor's name
/// and the index only, on every machine.
/// </summary>
public static class RandomWeights
{
    /// <summary>The weights for writers.</summary>
    public static TensorSource Source(ulong seed = 1) => TensorSource.From((tensor, destination) => Fill(tensor, seed, destination));

    /// <summary>The values of a tensor of a model, row-major; a table of hash routing names all the experts of its layer.</summary>
    public static float[] Values(TensorSpec tensor, ModelConfig config, ulong seed = 1)
    {
        float[] values = Values(tensor, seed);
        if (tensor.Role == TensorRole.ExpertTable)
        {
            int experts = config.FeedForwards[tensor.Layer].Moe!.ExpertCount;
            SplitMix64 random = new(seed + (ulong)tensor.Layer);
            foreach (ref float value in values.AsSpan())
            {
                value = random.Next() % (ulong)experts;
            }
        }

        return values;
    }

    /// <summary>The values of a tensor, row-major.</summary>
    public static float[] Values(TensorSpec tensor, ulong seed = 1)
    {
        float[] values = new float[tensor.ElementCount];
        Fill(tensor, seed, values);
        return values;
    }

    // Norms around 1; all else uniform of variance 1 / columns, so that activations keep their size through the layers.
    private static void Fill(TensorSpec tensor, ulong seed, Span<float> values)
    {
        (float center, float radius) = tensor switch
        {
            { IsVector: true } when tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) => (1, 0.3f),
            { IsVector: true } => (0, 0.3f),
            _ => (0, MathF.Sqrt(3f / tensor.Columns)),
        };
        if (tensor.Role == TensorRole.ExpertTable)
        {
            values.Clear();
            return;
        }

        SplitMix64 random = new(seed ^ BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(tensor.Name))));
        foreach (ref float value in values)
        {
            value = center + radius * (2 * ((random.Next() >> 40) * (1f / (1 << 24))) - 1);
        }
    }
}
