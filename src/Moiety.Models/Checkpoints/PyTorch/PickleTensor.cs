using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>A view of a storage, as the pickle describes it: not yet checked against the storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Type">What its elements are.</param>
/// <param name="Offset">Element of the storage that is the tensor's first.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="Strides">Elements of the storage from one index of a dimension to the next.</param>
internal sealed record PickleTensor(PickleStorage Storage, ElementType Type, long Offset, ImmutableArray<long> Shape, ImmutableArray<long> Strides);
