using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>A tensor that a writer will write, and the canonical tensors that it consists of.</summary>
/// <param name="Declaration">Name, format and shape in the file.</param>
/// <param name="Parts">Item by item of the stack, within an item in the order of the fused parts.</param>
internal sealed record PlannedTensor(TensorDeclaration Declaration, ImmutableArray<TensorPlacement> Parts)
{
    /// <summary>The tensors of a file, in the order in which the forward pass first needs them.</summary>
    /// <param name="config">The model.</param>
    /// <param name="naming">Where the file holds its tensors.</param>
    /// <param name="formatFor">Format of a canonical tensor.</param>
    public static ImmutableArray<PlannedTensor> Plan(ModelConfig config, TensorNaming naming, Func<TensorSpec, StorageFormat> formatFor)
    {
        TensorLayout layout = new(config, naming);
        Dictionary<string, List<TensorPlacement>> byName = new(StringComparer.Ordinal);
        List<string> names = [];
        foreach (TensorSpec tensor in layout.Tensors)
        {
            TensorPlacement placement = layout.PlacementOf(tensor);
            if (!byName.TryGetValue(placement.Name, out List<TensorPlacement>? parts))
            {
                byName.Add(placement.Name, parts = []);
                names.Add(placement.Name);
            }

            // Layers that share a tensor bring it again and again.
            if (!parts.Exists(part => part.StackIndex == placement.StackIndex && part.FirstRow == placement.FirstRow))
            {
                parts.Add(placement);
            }
        }

        return [.. names.Select(name => new PlannedTensor(Declare(byName[name], formatFor), [.. byName[name].OrderBy(part => part.StackIndex).ThenBy(part => part.FirstRow)]))];
    }

    /// <summary>Shares tensors out over files, in their order.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="bytesOf">Bytes that one of them takes.</param>
    /// <param name="maxBytes">Most bytes of tensors in a file; a single larger tensor still goes into one.</param>
    public static ImmutableArray<ImmutableArray<T>> Share<T>(ImmutableArray<T> tensors, Func<T, long> bytesOf, long maxBytes)
    {
        List<List<T>> files = [[]];
        long bytes = 0;
        foreach (T tensor in tensors)
        {
            long next = bytesOf(tensor);
            if (files[^1].Count > 0 && bytes + next > maxBytes)
            {
                files.Add([]);
                bytes = 0;
            }

            files[^1].Add(tensor);
            bytes += next;
        }

        return [.. files.Select(file => file.ToImmutableArray())];
    }

    // Parts that want different formats get the widest of them; what is transposed has no blocks along its rows.
    private static TensorDeclaration Declare(List<TensorPlacement> parts, Func<TensorSpec, StorageFormat> formatFor)
    {
        TensorPlacement first = parts[0];
        StorageFormat format = parts.Select(part => part.Tensor).DistinctBy(tensor => tensor.Role).Select(formatFor)
            .MaxBy(candidate => (double)candidate.BlockBytes / candidate.BlockLength)!;
        return new TensorDeclaration(first.Name, first.IsTransposed && format.BlockLength > 1 ? StorageFormats.F32 : format, first.Shape);
    }
}
