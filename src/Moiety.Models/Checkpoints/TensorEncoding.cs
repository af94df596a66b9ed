using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>How a writer brings canonical tensors into the form of a file.</summary>
/// <param name="RowOrder">The source row that each row of a tensor takes, or null for the same order.</param>
/// <param name="Importance">How much each column of a tensor matters when it is rounded; empty for all alike.</param>
internal sealed record TensorEncoding(Func<TensorSpec, Func<int, int>?> RowOrder, Func<TensorSpec, ReadOnlyMemory<float>>? Importance = null);
