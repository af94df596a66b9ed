using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Checkpoints;

/// <summary>The placements of all tensors of a model in the files of a family.</summary>
internal sealed class TensorLayout
{
    private readonly ModelConfig _config;
    private readonly TensorNaming _naming;
    private readonly Dictionary<(TensorRole Role, int Layer, int Expert), TensorSpec> _tensors;

    /// <summary>Lists the tensors of a model.</summary>
    public TensorLayout(ModelConfig config, TensorNaming naming)
    {
        _config = config;
        _naming = naming;
        Tensors = [.. TensorCatalog.For(config)];
        _tensors = Tensors.ToDictionary(tensor => (tensor.Role, tensor.Layer, tensor.Expert));
    }

    /// <summary>The canonical tensors in the order of the forward pass.</summary>
    public ImmutableArray<TensorSpec> Tensors { get; }

    /// <summary>Where a tensor is written.</summary>
    public TensorPlacement PlacementOf(TensorSpec tensor) => Place(tensor, _naming.LocationOf(tensor.Role));

    /// <summary>Where a tensor may be read, the preferred place first.</summary>
    public IEnumerable<TensorPlacement> PlacementsOf(TensorSpec tensor)
    {
        for (TensorLocation? location = _naming.LocationOf(tensor.Role); location is not null; location = location.Otherwise)
        {
            yield return Place(tensor, location);
        }
    }

    private TensorPlacement Place(TensorSpec tensor, TensorLocation location)
    {
        int stack = tensor.Expert >= 0 && !location.Names[0].Contains(TensorNaming.Expert, StringComparison.Ordinal)
            ? _config.FeedForwards[tensor.Layer].Moe!.ExpertCount
            : 0;
        long before = 0;
        int skipped = location.LeavesOutUnusedPositions ? _config.PositionOffset : 0;
        long all = RowsOf(tensor) - skipped;
        if (!location.Parts.IsEmpty)
        {
            all = 0;
            foreach (TensorRole role in location.Parts)
            {
                before = role == tensor.Role ? all : before;
                all += _tensors.TryGetValue((role, tensor.Layer, tensor.Expert), out TensorSpec? part) ? RowsOf(part) : 0;
            }
        }

        long groups = location.Parts.IsEmpty ? 1 : location.Groups switch
        {
            RowGroups.KeyValueHeads => _config.KeyValueHeadCount,
            RowGroups.Rows => RowsOf(tensor),
            _ => 1,
        };
        if (all % groups != 0 || before % groups != 0 || RowsOf(tensor) % groups != 0)
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\": its {RowsOf(tensor)} rows, of {all} in all parts, are no multiple of the {groups} groups in which the file interleaves them.");
        }

        return new TensorPlacement
        {
            Tensor = tensor,
            Location = location,
            HeadSize = _config.HeadSize,
            StackSize = stack,
            ItemRows = all,
            GroupRows = all / groups,
            PartRows = (RowsOf(tensor) - skipped) / groups,
            FirstRow = before / groups,
            SkippedRows = skipped,
        };
    }

    private static long RowsOf(TensorSpec tensor) => tensor.IsVector ? tensor.Columns : tensor.Rows;
}
