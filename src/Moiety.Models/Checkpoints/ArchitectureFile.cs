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
        if (File.Exists(path) && Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase))
        {
            return HuggingFaceReader.ReadConfig(path);
        }

        string inFolder = Path.Combine(path, HuggingFaceFiles.Config);
        if (Directory.Exists(path) && File.Exists(inFolder))
        {
            return HuggingFaceReader.ReadConfig(inFolder);
        }

        using Checkpoint checkpoint = Checkpoint.Open(path);
        return checkpoint.Config;
    }
}
