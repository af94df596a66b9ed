namespace Moiety.Models.Checkpoints;

/// <summary>How far a writer is.</summary>
/// <param name="TensorName">The tensor that was finished, by canonical name.</param>
/// <param name="BytesWritten">Bytes of tensors written so far.</param>
/// <param name="TotalBytes">Bytes of all tensors.</param>
public readonly record struct CheckpointProgress(string TensorName, long BytesWritten, long TotalBytes);
