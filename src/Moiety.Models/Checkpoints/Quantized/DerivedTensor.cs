using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// A matrix that a file holds as several tensors (packed integers and their scales, say): whole rows of it are computed when they are
/// read.
/// </summary>
/// <param name="source">The first of the tensors that it is made of, which names the file.</param>
/// <param name="name">Name of the matrix.</param>
/// <param name="type">What its elements become.</param>
/// <param name="shape">Its shape.</param>
internal abstract unsafe class DerivedTensor(FileTensor source, string name, ElementType type, ImmutableArray<long> shape) : FileTensor
{
    /// <inheritdoc/>
    public override string Path => source.Path;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override ElementType Type => type;

    /// <inheritdoc/>
    public override ImmutableArray<long> Shape => shape;

    /// <inheritdoc/>
    public override void Read(long offset, long bytes, byte* target)
    {
        long rowBytes = type.Format!.RowBytes(shape[^1]);
        ReadRows(offset / rowBytes, bytes / rowBytes, target);
    }

    /// <summary>Computes rows.</summary>
    /// <param name="first">The first row, counted over all leading dimensions.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="target">Where they go.</param>
    protected abstract void ReadRows(long first, long count, byte* target);
}
