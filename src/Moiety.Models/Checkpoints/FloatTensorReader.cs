using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>Copies the values of a tensor, row-major, into a span of exactly its number of elements.</summary>
/// <param name="tensor">Which tensor, by canonical name and shape.</param>
/// <param name="destination">Where the values go.</param>
public delegate void FloatTensorReader(TensorSpec tensor, Span<float> destination);
