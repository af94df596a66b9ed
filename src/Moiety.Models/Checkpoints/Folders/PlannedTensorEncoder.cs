namespace Moiety.Models.Checkpoints.Folders;

/// <summary>Streams a planned tensor, in the format that its declaration says, from where the weights come from.</summary>
/// <param name="tensor">The tensor.</param>
/// <param name="sink">Receives the bytes, row-major.</param>
internal delegate void PlannedTensorEncoder(PlannedTensor tensor, ByteSink sink);
