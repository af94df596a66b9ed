using System.Collections.Immutable;

namespace Moiety.Testing;

/// <summary>A tensor as <see cref="PyTorchFiles"/> describes it in a pickle; nothing has to fit, so that hostile files can be made.</summary>
/// <param name="Name">Its key in the dictionary.</param>
/// <param name="StorageType">A kind of storage of PyTorch, e.g. <c>FloatStorage</c>.</param>
/// <param name="Key">The storage's name.</param>
/// <param name="StorageCount">Elements of the storage.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Strides">Strides in elements.</param>
public sealed record PickledTensor(string Name, string StorageType, string Key, long StorageCount, long Offset, ImmutableArray<long> Shape, ImmutableArray<long> Strides)
{
    /// <summary>A tensor that is all of its own storage.</summary>
    public static PickledTensor Plain(string name, string storageType, string key, params ImmutableArray<long> shape)
    {
        long[] strides = new long[shape.Length];
        long count = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = count;
            count *= shape[i];
        }

        return new PickledTensor(name, storageType, key, count, 0, shape, [.. strides]);
    }
}
