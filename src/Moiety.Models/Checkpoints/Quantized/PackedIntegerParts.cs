using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>The tensors of a matrix of GPTQ or AWQ, checked against each other.</summary>
internal sealed class PackedIntegerParts
{
    private readonly int _groupSize;
    private readonly int[]? _groups;

    /// <summary>Checks the parts.</summary>
    /// <param name="name">Name of the matrix.</param>
    /// <param name="settings">Bits and groups.</param>
    /// <param name="weights">Packed integers.</param>
    /// <param name="zeros">Packed zeros, [groups, rows].</param>
    /// <param name="scales">Scales, [groups, rows].</param>
    /// <param name="groups">The group of each column, or null when groups are runs of columns.</param>
    /// <param name="packsColumns">Whether a word of the weights holds neighboring columns of one row (GPTQ) or neighboring rows of one column (AWQ).</param>
    /// <exception cref="InvalidCheckpointException">They do not belong together.</exception>
    public PackedIntegerParts(
        string name, PackedIntegerSettings settings, FileTensor weights, FileTensor zeros, FileTensor scales, FileTensor? groups, bool packsColumns)
    {
        (Name, Weights, Zeros, Scales, Bits, IsSymmetric) = (name, weights, zeros, scales, settings.Bits, settings.IsSymmetric);
        int perWord = 32 / Bits;
        foreach (FileTensor packed in (FileTensor[])[weights, zeros])
        {
            if (packed.Type.Name != "I32" || packed.Shape.Length != 2 || packed.Shape.Any(size => size < 1 || size > ModelConfigValidator.MaxWidth * 64L))
            {
                throw Error(packed, $"{packed.Type.Name} {TensorShape.Text(packed.Shape)} is no matrix of packed integers (I32)");
            }
        }

        (Rows, Columns) = packsColumns
            ? (Checked(weights, weights.Shape[1]), Checked(weights, weights.Shape[0] * perWord))
            : (Checked(weights, weights.Shape[1] * perWord), Checked(weights, weights.Shape[0]));
        _groupSize = settings.GroupSize > 0 ? settings.GroupSize : Columns;
        GroupCount = (Columns + _groupSize - 1) / _groupSize;
        if (Rows % 8 != 0 || scales.Format.BlockLength != 1
            || !scales.Shape.AsSpan().SequenceEqual([GroupCount, Rows]) || !zeros.Shape.AsSpan().SequenceEqual([GroupCount, Rows / perWord]))
        {
            throw Error(weights,
                $"{Rows} rows of {Columns} columns in groups of {_groupSize} need scales [{GroupCount}, {Rows}] and zeros [{GroupCount}, {Rows / perWord}] (rows a multiple of 8); found {TensorShape.Text(scales.Shape)} and {TensorShape.Text(zeros.Shape)}");
        }

        _groups = groups is null ? null : ReadGroups(groups);
    }

    /// <summary>Name of the matrix.</summary>
    public string Name { get; }

    /// <summary>Packed integers.</summary>
    public FileTensor Weights { get; }

    /// <summary>Packed zeros.</summary>
    public FileTensor Zeros { get; }

    /// <summary>Scales.</summary>
    public FileTensor Scales { get; }

    /// <summary>Bits of an integer, 4 or 8.</summary>
    public int Bits { get; }

    /// <summary>Whether all zeros are in the middle.</summary>
    public bool IsSymmetric { get; }

    /// <summary>Output rows.</summary>
    public int Rows { get; }

    /// <summary>Input columns.</summary>
    public int Columns { get; }

    /// <summary>Groups of columns.</summary>
    public int GroupCount { get; }

    /// <summary>The group of a column.</summary>
    public int GroupOf(int column) => _groups is null ? column / _groupSize : _groups[column];

    /// <summary>Whether every run of so many columns is in one group.</summary>
    public bool HasWholeBlocks(int length)
    {
        if (Columns % length != 0)
        {
            return false;
        }

        for (int column = 0; column < Columns; column++)
        {
            if (GroupOf(column) != GroupOf(column / length * length))
            {
                return false;
            }
        }

        return true;
    }

    // Null when the groups are runs after all, as files without reordering have it.
    private unsafe int[]? ReadGroups(FileTensor tensor)
    {
        if (tensor.Type.Name != "I32" || !tensor.Shape.AsSpan().SequenceEqual([Columns]))
        {
            throw Error(tensor, $"{tensor.Type.Name} {TensorShape.Text(tensor.Shape)} does not give the group of each of the {Columns} columns");
        }

        int[] groups = new int[Columns];
        using (TensorBytes bytes = new(tensor))
        {
            new ReadOnlySpan<int>(bytes.Pointer, Columns).CopyTo(groups);
        }

        int wrong = Array.FindIndex(groups, group => group < 0 || group >= GroupCount);
        if (wrong >= 0)
        {
            throw Error(tensor, $"column {wrong} is in group {groups[wrong]} of {GroupCount}");
        }

        return groups.Select((group, column) => group == column / _groupSize).All(same => same) ? null : groups;
    }

    private static int Checked(FileTensor tensor, long size) =>
        size <= ModelConfigValidator.MaxWidth * 64L && size <= int.MaxValue ? (int)size : throw Error(tensor, $"its dimension of {size} is too large");

    private static InvalidCheckpointException Error(FileTensor tensor, string reason) => new(tensor.Path, $"tensor \"{tensor.Name}\"", reason);
}
