using System.Globalization;
using Moiety.Models.Configuration;

namespace Moiety.Training.Configuration;

/// <summary>
/// Whether a configuration file describes the model of a checkpoint. Only what such a file can say is compared: it has no words for
/// the norms of queries and keys, say.
/// </summary>
internal static class ModelAgreement
{
    /// <summary>The first difference, in the words of the file; null when there is none.</summary>
    /// <param name="described">What the file says.</param>
    /// <param name="found">What the checkpoint says.</param>
    internal static string? FindDifference(ModelConfig described, ModelConfig found)
    {
        (string Name, object? Described, object? Found)[] fields =
        [
            ("hidden_size", described.HiddenSize, found.HiddenSize),
            ("heads", described.HeadCount, found.HeadCount),
            ("kv_heads", described.KeyValueHeadCount, found.KeyValueHeadCount),
            ("head_size", described.HeadSize, found.HeadSize),
            ("context_length", described.ContextLength, found.ContextLength),
            ("norm_epsilon", described.NormEpsilon, found.NormEpsilon),
            ("rope_theta", described.Rotary?.Theta, found.Rotary?.Theta),
            ("tie_embeddings", described.TieWordEmbeddings, found.TieWordEmbeddings),
            ("number of layers", described.LayerCount, found.LayerCount),
        ];
        foreach ((string name, object? one, object? other) in fields)
        {
            if (!Equals(one, other))
            {
                return string.Create(CultureInfo.InvariantCulture, $"the {name} is {one} here and {other ?? "absent"}");
            }
        }

        int layer = Enumerable.Range(0, found.LayerCount).FirstOrDefault(index => described.FeedForwards[index] != found.FeedForwards[index], -1);
        return layer < 0 ? null : $"the feed-forward of layer {layer} is {Text(described.FeedForwards[layer])} here and {Text(found.FeedForwards[layer])}";
    }

    private static string Text(FeedForwardConfig layer) => layer.Moe is { } moe
        ? FormattableString.Invariant($"{moe.ExpertCount} experts of {moe.ExpertIntermediateSize}, top-{moe.TopK}{(moe.NormalizeTopK ? " normalized" : "")}{(moe.Residual ? $", beside a fixed one of {layer.IntermediateSize}" : "")} ({moe.Gating})")
        : FormattableString.Invariant($"dense, of {layer.IntermediateSize} ({layer.Activation}{(layer.Bias ? ", with biases" : "")})");
}
