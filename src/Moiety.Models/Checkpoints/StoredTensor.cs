using System.Collections.Immutable;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>One tensor as a file's header declares it, checked against the file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">What its elements are.</param>
/// <param name="Shape">Dimensions, outermost first (rows before columns), whatever the order in the file.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="ByteLength">Number of bytes.</param>
public sealed record StoredTensor(string Name, ElementType Type, ImmutableArray<long> Shape, long Offset, long ByteLength)
{
    /// <summary>How its elements are stored, or null when that is no storage format.</summary>
    public StorageFormat? Format => Type.Format;

    /// <summary>The shape as messages show it.</summary>
    public string ShapeText => TensorShape.Text(Shape);
}
