using Moiety.Models.Hub;

namespace Moiety.Cli.Displays;

/// <summary>The progress of a download as a line.</summary>
internal static class HubProgressLine
{
    /// <summary>Describes how far it is.</summary>
    public static string Describe(HubProgress progress)
    {
        string state = progress.TotalFiles == 0 ? "asking the hub"
            : $"{Format.Bytes(progress.BytesDone)} of {Format.Bytes(progress.TotalBytes)}, {progress.FilesDone} of {progress.TotalFiles} files";
        return progress.Note is null ? state : $"{state} ({progress.Note})";
    }
}
