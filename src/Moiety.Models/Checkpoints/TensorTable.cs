using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Families.Layouts;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Matches what files hold against what a configuration calls for: every tensor there, with its shape, and none besides. What the
/// files have in another layout becomes a copy when it is first used; all else is a view.
/// </summary>
internal static unsafe class TensorTable
{
    private const int NamesInMessage = 5;

    /// <summary>Tensors by canonical name, in the order of the forward pass.</summary>
    /// <param name="path">The checkpoint, for messages.</param>
    /// <param name="config">What the files must hold.</param>
    /// <param name="family">What else they may hold.</param>
    /// <param name="naming">Where they hold it.</param>
    /// <param name="files">What they hold.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, has another shape, or is not called for.</exception>
    public static IReadOnlyList<KeyValuePair<string, CheckpointTensor>> Match(
        string path, ModelConfig config, ModelFamily family, TensorNaming naming, IReadOnlyDictionary<string, FileTensor> files)
    {
        TensorLayout layout = new(config, naming);
        List<KeyValuePair<string, CheckpointTensor>> tensors = [];
        HashSet<string> used = new(StringComparer.Ordinal);
        foreach (TensorSpec tensor in layout.Tensors)
        {
            (TensorPlacement placement, string? name, FileTensor? found) = Find(path, layout.PlacementsOf(tensor), files);
            if (found is not null)
            {
                Check(placement, found);
                used.Add(name!);
            }

            tensors.Add(new(tensor.Name, Read(placement, found)));
        }

        RefuseOthers(path, config, family, files, used);
        return tensors;
    }

    private static (TensorPlacement Placement, string? Name, FileTensor? Found) Find(
        string path, IEnumerable<TensorPlacement> placements, IReadOnlyDictionary<string, FileTensor> files)
    {
        TensorPlacement? first = null;
        foreach (TensorPlacement placement in placements)
        {
            first ??= placement;
            foreach (string name in placement.Names)
            {
                if (files.TryGetValue(name, out FileTensor? found))
                {
                    return (placement, name, found);
                }
            }
        }

        return first!.Location.Absent is null
            ? throw new InvalidCheckpointException(path, $"tensor \"{first.Name}\"", $"it is missing; the configuration calls for it with shape {TensorShape.Text(first.Shape)}")
            : (first, null, null);
    }

    private static void Check(TensorPlacement placement, FileTensor found)
    {
        string field = $"tensor \"{found.Name}\"";
        if (!placement.Accepts(found.Shape))
        {
            throw new InvalidCheckpointException(found.Path, field,
                $"found shape {TensorShape.Text(found.Shape)}, the configuration calls for {TensorShape.Text(placement.Shape)}");
        }

        // Only a vector that is all of the file's tensor may have blocks along it: others begin or end within one.
        bool whole = placement is { IsView: true, StackSize: 0 } && placement.ItemRows == placement.Rows;
        long row = placement.IsTransposed ? placement.ItemRows : whole ? placement.Tensor.Columns : placement.Columns;
        if (row % found.Format.BlockLength != 0)
        {
            throw new InvalidCheckpointException(found.Path, field,
                $"{found.Format.Name} stores blocks of {found.Format.BlockLength} elements, which do not divide rows of {row}");
        }
    }

    private static CheckpointTensor Read(TensorPlacement placement, FileTensor? found)
    {
        if (found is null || !placement.IsView || found.Data is null)
        {
            return new CheckpointTensor(placement, found);
        }

        TensorSpec tensor = placement.Tensor;
        long first = (placement.StackIndex * placement.ItemRows) + placement.FirstRow;
        byte* data = found.Data + (first == 0 ? 0 : first * found.Format.RowBytes(placement.Columns));
        return new CheckpointTensor(new Matrix(found.Format, tensor.Rows, tensor.Columns, data, found.Owner));
    }

    private static void RefuseOthers(
        string path, ModelConfig config, ModelFamily family, IReadOnlyDictionary<string, FileTensor> files, HashSet<string> used)
    {
        string[] others = [.. files.Keys.Where(name => !used.Contains(name) && !files[name].MayBeLeftOver && !family.IsIgnored(name, config)).Order(StringComparer.Ordinal)];
        if (others.Length > 0)
        {
            string more = others.Length > NamesInMessage ? ", …" : "";
            throw new InvalidCheckpointException(path, $"tensor \"{others[0]}\"",
                $"the configuration does not call for it ({others.Length} such: {string.Join(", ", others.Take(NamesInMessage))}{more})");
        }
    }
}
