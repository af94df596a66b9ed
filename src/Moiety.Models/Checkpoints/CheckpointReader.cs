namespace Moiety.Models.Checkpoints;

/// <summary>Finds out what a path is and opens it with the reader for it.</summary>
internal static class CheckpointReader
{
    /// <summary>Opens a folder or a file.</summary>
    /// <exception cref="InvalidInputException">It does not exist, is no known kind of checkpoint, or is malformed.</exception>
    public static Checkpoint Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            return HuggingFaceReader.Open(path);
        }

        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file or folder.");
        }

        return HuggingFaceReader.OpenSingle(path);
    }
}
