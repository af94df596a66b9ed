using Moiety.Models.Checkpoints;

namespace Moiety.Cli.Displays;

/// <summary>The progress of writing a checkpoint, as a line.</summary>
internal static class CheckpointLine
{
    /// <summary>Describes how far it is.</summary>
    public static string Describe(CheckpointProgress progress) =>
        $"{Format.Bytes(progress.BytesWritten)} of {Format.Bytes(progress.TotalBytes)}  {progress.TensorName}";
}
