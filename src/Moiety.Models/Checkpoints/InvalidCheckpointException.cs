namespace Moiety.Models.Checkpoints;

/// <summary>A model file is malformed: the message names the file, the field and the reason.</summary>
public sealed class InvalidCheckpointException : InvalidInputException
{
    /// <summary>Creates the error.</summary>
    /// <param name="path">The file (or folder) that is wrong.</param>
    /// <param name="field">The header field, tensor or key that is wrong.</param>
    /// <param name="reason">What is wrong with it, with the numbers that clash, and what to do about it.</param>
    public InvalidCheckpointException(string path, string field, string reason)
        : base($"{path}: {field}: {reason}")
    {
        Path = path;
        Field = field;
    }

    /// <summary>The file (or folder) that is wrong.</summary>
    public string Path { get; }

    /// <summary>The header field, tensor or key that is wrong.</summary>
    public string Field { get; }
}
