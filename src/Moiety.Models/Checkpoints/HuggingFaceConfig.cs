using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>The architecture that a Hugging Face <c>config.json</c> describes, with or without weights beside it.</summary>
public static class HuggingFaceConfig
{
    /// <summary>Reads it.</summary>
    /// <param name="path">A folder with a <c>config.json</c>, or such a file.</param>
    /// <exception cref="InvalidInputException">There is no such file, it is malformed, or no family reads it.</exception>
    public static ModelConfig Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string file = Directory.Exists(path) ? Path.Combine(path, HuggingFaceFiles.Config) : path;
        return File.Exists(file) ? HuggingFaceReader.ReadConfig(file) : throw new InvalidInputException($"{file}: there is no such file.");
    }
}
