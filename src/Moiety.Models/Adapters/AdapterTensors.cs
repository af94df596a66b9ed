using Moiety.Models.Checkpoints;

namespace Moiety.Models.Adapters;

/// <summary>The tensors of a file that change one module; null what the file has not.</summary>
/// <param name="A">A, of all experts where there are any.</param>
/// <param name="B">B, of all experts where there are any.</param>
/// <param name="Router">The router of experts.</param>
internal readonly record struct AdapterTensors(FileTensor? A, FileTensor? B, FileTensor? Router);
