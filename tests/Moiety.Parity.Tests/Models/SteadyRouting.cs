using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Parity.Tests.Models;

/// <summary>
/// Makes a random model's routing a matter of the token alone, so that rounding can't flip it. A flip moves logits by a
/// tenth of their range, which would hide what a comparison of rounded formats is about.
/// </summary>
/// <remarks>
/// The first channels of the residual stream, one per expert, carry evenly spaced levels from the embedding, in another
/// order for every token; attention and experts write nothing there, and each layer's router reads nothing else. A norm
/// multiplies the levels by one positive number, which keeps their order. Spacing is wider than a step of Q4_0.
/// </remarks>
public static class SteadyRouting
{
    /// <summary>Changes the tensors of a model with equally many experts in every layer.</summary>
    public static void Apply(RandomCheckpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        int experts = config.FeedForwards[0].Moe!.ExpertCount;
        Change(checkpoint, TensorNames.Embedding, (token, channel, value) =>
            channel < experts ? Level((channel * 5) + token + (token / experts), experts) : value);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            int shift = layer;
            Change(checkpoint, TensorNames.AttentionOutput(layer), (channel, _, value) => channel < experts ? 0 : value);
            Change(checkpoint, TensorNames.FeedForwardNorm(layer), (_, channel, value) => channel < experts ? 1 : value);
            Change(checkpoint, TensorNames.Router(layer), (expert, channel, _) => channel == (expert + shift) % experts ? 0.4f : 0);
            for (int expert = 0; expert < experts; expert++)
            {
                Change(checkpoint, TensorNames.ExpertDown(layer, expert), (channel, _, value) => channel < experts ? 0 : value);
            }
        }
    }

    // From -0.35 to 0.35, a little beyond the largest of the random embeddings.
    private static float Level(int index, int experts) => (((float)(2 * (index % experts)) / (experts - 1)) - 1) * 0.35f;

    private static void Change(RandomCheckpoint checkpoint, string name, Func<int, int, float, float> change)
    {
        Matrix matrix = checkpoint.GetTensor(name);
        float[] values = checkpoint.Values(name);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = change(i / matrix.Columns, i % matrix.Columns, values[i]);
        }

        checkpoint.SetTensor(name, matrix.Rows, matrix.Columns, values);
    }
}
