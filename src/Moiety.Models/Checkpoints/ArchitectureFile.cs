using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>The architecture of a model whose weights need not be there.</summary>
public static class ArchitectureFile
{
    /// <summary>Reads a <c>config.json</c>, a folder that has one, or whatever <see cref="Checkpoint.Open"/> opens.</summary>
    /// <exception cref="InvalidInputException">There is no such thing, it is malformed, or its family is not supported.</exception>
    public static ModelConfig Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool isConfig = File.Exists(path)
            ? Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase)
            : File.Exists(Path.Combine(path, HuggingFaceFiles.Config));
        if (isConfig)
        {
            return HuggingFaceConfig.Read(path);
        }

        using Checkpoint checkpoint = Checkpoint.Open(path);
        return checkpoint.Config;
    }
}
