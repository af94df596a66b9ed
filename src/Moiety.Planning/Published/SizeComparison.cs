using System.Collections.Immutable;
using Moiety.Planning.Costs;
using Moiety.Planning.Presets;

namespace Moiety.Planning.Published;

/// <summary>A published number of parameters beside the one that follows from the sizes.</summary>
/// <param name="Model">The model.</param>
/// <param name="Layers">The depth that is counted.</param>
/// <param name="IsPublishedDepth">Whether the paper prints this depth.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="WithoutEmbedding">All but embeddings.</param>
public sealed record SizeComparison(PaperModel Model, int Layers, bool IsPublishedDepth, long Parameters, long WithoutEmbedding)
{
    /// <summary>What a deviation may be.</summary>
    public const double Tolerance = 0.02;

    /// <summary>Every published size; a row whose printed depth does not fit is there with both depths, the printed one first.</summary>
    public static ImmutableArray<SizeComparison> All { get; } =
        [.. PaperModel.All.Where(model => model.PublishedBillions is not null).SelectMany(Of)];

    /// <summary>The number as the row counts it: with or without the embedding.</summary>
    public long Counted => Model.CountsEmbedding ? Parameters : WithoutEmbedding;

    /// <summary>Relative to the published number.</summary>
    public double Deviation => (Counted / 1e9 / Model.PublishedBillions!.Value) - 1;

    /// <summary>Whether the deviation is within <see cref="Tolerance"/>.</summary>
    public bool Fits => Math.Abs(Deviation) <= Tolerance;

    private static IEnumerable<SizeComparison> Of(PaperModel model)
    {
        if (model.PublishedLayers is { } layers)
        {
            GptShape printed = model.Shape with { Layers = layers };
            yield return Of(model, printed with { Experts = [.. Enumerable.Repeat(model.Shape.Experts[0], printed.MoeLayers)] }, isPublished: true);
        }

        yield return Of(model, model.Shape, isPublished: model.PublishedLayers is null);
    }

    private static SizeComparison Of(PaperModel model, GptShape shape, bool isPublished)
    {
        ModelCost cost = ModelCost.Of(shape.ToConfig());
        return new SizeComparison(model, shape.Layers, isPublished, cost.Parameters, cost.Parameters - cost.EmbeddingParameters);
    }
}
