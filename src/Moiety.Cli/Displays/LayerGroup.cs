using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Displays;

/// <summary>Neighboring layers of one shape, or what lies outside the layers: a row of <c>moiety inspect</c>.</summary>
/// <param name="Name">The layers, e.g. <c>2-5</c>.</param>
/// <param name="FeedForward">What their feed-forward is.</param>
/// <param name="Parameters">Parameters of each layer.</param>
/// <param name="ActiveParameters">Parameters of each layer that one token uses.</param>
/// <param name="Bytes">Bytes of each layer.</param>
internal sealed record LayerGroup(string Name, string FeedForward, long Parameters, long ActiveParameters, long Bytes)
{
    /// <summary>The groups of a model, in the order of the forward pass; what lies outside the layers comes last.</summary>
    public static IEnumerable<LayerGroup> Of(Checkpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        ILookup<int, TensorSpec> tensors = TensorCatalog.For(config).ToLookup(tensor => tensor.Layer);
        LayerGroup[] layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => Sum(checkpoint, "", Describe(config.FeedForwards[layer]), tensors[layer]))];
        int first = 0;
        for (int layer = 1; layer <= layers.Length; layer++)
        {
            if (layer == layers.Length || layers[layer] != layers[first])
            {
                yield return layers[first] with { Name = first == layer - 1 ? $"{first}" : $"{first}-{layer - 1}" };
                first = layer;
            }
        }

        yield return Sum(checkpoint, "outside", config.TieWordEmbeddings ? "embedding and head in one, final norm" : "embedding, head, final norm", tensors[-1]);
    }

    private static LayerGroup Sum(Checkpoint checkpoint, string name, string feedForward, IEnumerable<TensorSpec> tensors) => new(
        name,
        feedForward,
        tensors.Sum(tensor => tensor.ElementCount),
        tensors.Where(tensor => ModelSummary.IsActive(tensor, checkpoint.Config)).Sum(tensor => tensor.ElementCount),
        tensors.Sum(tensor => checkpoint.Describe(tensor.Name).ByteLength));

    private static string Describe(FeedForwardConfig feedForward) => feedForward.Moe is not { } moe
        ? $"dense, {feedForward.IntermediateSize} wide"
        : $"{moe.ExpertCount} experts, top {moe.TopK}, {moe.ExpertIntermediateSize} wide"
            + (moe.Residual ? $", beside a fixed MLP, {feedForward.IntermediateSize} wide" : "");
}
