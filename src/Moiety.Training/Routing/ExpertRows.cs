using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>Rows for the experts, sorted by expert.</summary>
/// <param name="Rows">[sum of counts, hidden].</param>
/// <param name="Counts">Rows of every expert, those that fill up its block included.</param>
internal readonly record struct ExpertRows(Tensor Rows, long[] Counts);
