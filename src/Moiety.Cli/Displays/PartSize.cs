using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Displays;

/// <summary>One part of a layer, or of what lies outside the layers.</summary>
/// <param name="Part">Which part.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="ActiveParameters">Those that one token uses.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Formats">The storage formats of its tensors, the one with the most bytes first.</param>
internal sealed record PartSize(ModelPart Part, long Parameters, long ActiveParameters, long Bytes, string Formats)
{
    /// <summary>The parts of some tensors, in the order in which they appear.</summary>
    public static ImmutableArray<PartSize> Of(Checkpoint checkpoint, IEnumerable<TensorSpec> tensors) =>
        [.. tensors.GroupBy(tensor => ModelSummary.PartOf(tensor.Role)).Select(part => Sum(checkpoint, part.Key, [.. part]))];

    private static PartSize Sum(Checkpoint checkpoint, ModelPart part, TensorSpec[] tensors) => new(
        part,
        tensors.Sum(tensor => tensor.ElementCount),
        tensors.Where(tensor => ModelSummary.IsActive(tensor, checkpoint.Config)).Sum(tensor => tensor.ElementCount),
        tensors.Sum(tensor => checkpoint.Describe(tensor.Name).ByteLength),
        string.Join(" + ", tensors.Select(tensor => checkpoint.Describe(tensor.Name)).GroupBy(tensor => tensor.Format.Name)
            .OrderByDescending(format => format.Sum(tensor => tensor.ByteLength)).Select(format => format.Key)));
}
