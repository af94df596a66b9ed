using System.Collections.Immutable;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>A tensor that a writer will be given: file headers come before the data, so it is declared first.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Format">How its elements are stored.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
public sealed record TensorDeclaration(string Name, StorageFormat Format, ImmutableArray<long> Shape)
{
    /// <summary>Number of bytes.</summary>
    /// <exception cref="InvalidInputException">The size overflows, or the rows are no whole number of blocks.</exception>
    public long ByteLength => TensorShape.TryByteLength(Shape, ElementType.Of(Format), out long bytes, out string reason)
        ? bytes
        : throw new InvalidInputException($"tensor \"{Name}\": {reason}");
}
