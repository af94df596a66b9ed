using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>Opens the model in a GGUF file.</summary>
internal static class GgufReader
{
    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidInputException">It is malformed, or of a family that is not supported.</exception>
    public static Checkpoint Open(string path)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            ModelFamily family = ModelFamilies.ForGguf(file.Metadata);
            ModelConfig config = family.ReadGguf(file.Metadata, file.Tensors.ContainsKey);
            if (ModelConfigValidator.FindError(config) is { } error)
            {
                throw new InvalidCheckpointException(path, error.Field, error.Reason);
            }

            Dictionary<string, FileTensor> tensors = file.Tensors.ToDictionary(
                pair => pair.Key, pair => (FileTensor)new MappedTensor(file.Mapping, pair.Value), StringComparer.Ordinal);
            Tokenizer? tokenizer = GgufTokenizerMetadata.Read(file.Metadata) is { } data ? GgufTokenizer.Create(data, path) : null;
            return new MappedCheckpoint(
                path,
                config,
                tokenizer,
                GgufGenerationMetadata.Read(file.Metadata),
                TensorTable.Match(path, config, family, family.GgufNaming, tensors),
                [file],
                GgufEmbeddingMetadata.Read(file.Metadata, family.GgufArchitecture));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
