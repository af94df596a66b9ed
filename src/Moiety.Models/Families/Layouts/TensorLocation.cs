using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Layouts;

/// <summary>
/// Where the files of a family hold a canonical tensor and in which layout: one line of a family's table. Readers undo the layout,
/// writers apply it, so a family declares it once. A plain name is a location too: <c>(TensorRole.Head, "output.weight")</c>.
/// <para>
/// Names may hold <c>{layer}</c> and <c>{expert}</c>. A name of an expert's tensor without <c>{expert}</c> says that the file stacks
/// all experts of a layer along a first dimension; fused parts and transposition are then meant within each expert.
/// </para>
/// </summary>
internal sealed record TensorLocation
{
    /// <summary>A tensor of its own.</summary>
    /// <param name="names">Templates of its name. The first one that the file has is read; the first of all is written.</param>
    public TensorLocation(params ImmutableArray<string> names) => Names = names;

    /// <summary>Templates of the name; the first one that the file has is read, the first of all is written.</summary>
    public ImmutableArray<string> Names { get; init; }

    /// <summary>The roles whose rows the tensor of the file holds together, in its order; empty when it holds this one only.</summary>
    public ImmutableArray<TensorRole> Parts { get; init; } = [];

    /// <summary>How the parts take turns.</summary>
    public RowGroups Groups { get; init; }

    /// <summary>Whether the file stores [columns, rows] (Conv1D of GPT-2, x · W instead of x · Wᵀ). Vectors are not touched.</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Whether the file stores a vector as [heads, head size] (norms of queries and keys that differ from head to head).</summary>
    public bool IsPerHead { get; init; }

    /// <summary>Whether the file stores a vector as a matrix of one row.</summary>
    public bool IsRow { get; init; }

    /// <summary>What the canonical values have more than the file's: 1 for norms that are stored as w and multiply by 1 + w (Gemma).</summary>
    public float Offset { get; init; }

    /// <summary>The value of all elements when the file has no such tensor; null when it must have it.</summary>
    public float? Absent { get; init; }

    /// <summary>Whether the file leaves out the rows before <see cref="ModelConfig.PositionOffset"/>.</summary>
    public bool LeavesOutUnusedPositions { get; init; }

    /// <summary>Where the tensor is when the file has none of <see cref="Names"/>: another name with another layout.</summary>
    public TensorLocation? Otherwise { get; init; }

    /// <summary>A plain name.</summary>
    public static implicit operator TensorLocation(string name) => new(name);

    /// <summary>The same tensor holds the rows of several roles.</summary>
    /// <param name="groups">How the parts take turns.</param>
    /// <param name="parts">The roles in the order of the rows.</param>
    public TensorLocation Fused(RowGroups groups, params ImmutableArray<TensorRole> parts) => this with { Groups = groups, Parts = parts };

    /// <summary>The same, stored as [columns, rows].</summary>
    public TensorLocation Transposed() => this with { IsTransposed = true };

    /// <summary>The same, a vector stored as [heads, head size].</summary>
    public TensorLocation PerHead() => this with { IsPerHead = true };

    /// <summary>The same, a vector stored as [1, length].</summary>
    public TensorLocation AsRow() => this with { IsRow = true };

    /// <summary>The same, with values to which something is added on reading.</summary>
    public TensorLocation Plus(float offset) => this with { Offset = offset };

    /// <summary>The same, all elements of this value when the file has no such tensor.</summary>
    public TensorLocation OrElse(float value) => this with { Absent = value };

    /// <summary>The same, without the rows of learned positions that no token has.</summary>
    public TensorLocation WithoutUnusedPositions() => this with { LeavesOutUnusedPositions = true };

    /// <summary>The same, or another place and layout when the file has none of these names.</summary>
    public TensorLocation Or(TensorLocation otherwise) => this with { Otherwise = Otherwise?.Or(otherwise) ?? otherwise };

    /// <summary>The same; names that begin in one way may in files also begin in others.</summary>
    internal TensorLocation WithRoots(string written, string[] others) => this with
    {
        Names =
        [
            .. Names,
            .. Names.Where(name => name.StartsWith(written, StringComparison.Ordinal))
                .SelectMany(name => others.Select(other => other + name[written.Length..])),
        ],
        Otherwise = Otherwise?.WithRoots(written, others),
    };
}
