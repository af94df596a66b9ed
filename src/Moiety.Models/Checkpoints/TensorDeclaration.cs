using System.Collections.Immutable;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>A tensor that a writer will be given: file headers come before the data, so it is declared first.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">What its elements are; integers, too, where a format is kept in several tensors.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
public sealed record TensorDeclaration(string Name, ElementType Type, ImmutableArray<long> Shape)
{
    /// <summary>Declares a tensor of a storage format.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="format">How its elements are stored.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    public TensorDeclaration(string name, StorageFormat format, ImmutableArray<long> shape)
        : this(name, ElementType.Of(format), shape)
    {
    }

    /// <summary>How its elements are stored.</summary>
    /// <exception cref="InvalidOperationException">They are of no storage format.</exception>
    public StorageFormat Format
    {
        get => Type.Format ?? throw new InvalidOperationException($"Tensor \"{Name}\" holds {Type.Name}, which is no storage format.");
        init => Type = ElementType.Of(value);
    }

    /// <summary>Number of bytes.</summary>
    /// <exception cref="InvalidInputException">The size overflows, or the rows are no whole number of blocks.</exception>
    public long ByteLength => TensorShape.TryByteLength(Shape, Type, out long bytes, out string reason)
        ? bytes
        : throw new InvalidInputException($"tensor \"{Name}\": {reason}");

    /// <summary>Name, type and shape.</summary>
    public override string ToString() => $"{Name}: {Type.Name} {TensorShape.Text(Shape)}";
}
