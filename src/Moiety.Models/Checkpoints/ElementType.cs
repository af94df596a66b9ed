using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// What the elements of a stored tensor are. Files also hold tensors that no matrix product computes with, such as integers: their
/// type has a name and a size but no <see cref="Format"/>.
/// </summary>
/// <param name="Name">Name, as the container has it.</param>
/// <param name="BlockLength">Elements in one block.</param>
/// <param name="BlockBytes">Bytes of one block.</param>
/// <param name="Format">The storage format, or null when it is none of Moiety's.</param>
public sealed record ElementType(string Name, int BlockLength, int BlockBytes, StorageFormat? Format)
{
    /// <summary>The type of a storage format.</summary>
    public static ElementType Of(StorageFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return new ElementType(format.Name, format.BlockLength, format.BlockBytes, format);
    }

    /// <summary>A type that is only passed on.</summary>
    internal static ElementType Opaque(string name, int bytes) => new(name, 1, bytes, null);
}
