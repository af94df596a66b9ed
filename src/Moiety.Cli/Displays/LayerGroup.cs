using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Cli.Displays;

/// <summary>Neighboring layers of one shape: a branch of the tree that <c>moiety inspect</c> draws.</summary>
/// <param name="First">First layer.</param>
/// <param name="Count">How many layers.</param>
/// <param name="FeedForward">What their feed-forward is.</param>
/// <param name="Parts">What each layer consists of.</param>
internal sealed record LayerGroup(int First, int Count, string FeedForward, ImmutableArray<PartSize> Parts)
{
    /// <summary>The layers, e.g. <c>layers 2 to 5</c>.</summary>
    public string Name => Count == 1 ? $"layer {First}" : $"layers {First} to {First + Count - 1}";

    /// <summary>The groups of a model, in the order of the forward pass.</summary>
    public static IEnumerable<LayerGroup> Of(Checkpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        ILookup<int, TensorSpec> tensors = TensorCatalog.For(config).ToLookup(tensor => tensor.Layer);
        LayerGroup? group = null;
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            LayerGroup next = new(layer, 1, ArchitectureText.FeedForward(config.FeedForwards[layer]), PartSize.Of(checkpoint, tensors[layer]));
            if (group is not null && group.FeedForward == next.FeedForward && group.Parts.AsSpan().SequenceEqual(next.Parts.AsSpan()))
            {
                group = group with { Count = group.Count + 1 };
                continue;
            }

            if (group is not null)
            {
                yield return group;
            }

            group = next;
        }

        if (group is not null)
        {
            yield return group;
        }
    }
}
