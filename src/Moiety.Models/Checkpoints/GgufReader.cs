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
        GgufShards files = GgufShards.Open(path);
        try
        {
            GgufMetadata metadata = files.Metadata;
            ModelFamily family = ModelFamilies.ForGguf(metadata);
            ModelConfig config = family.WithGgufTensors(
                family.ReadGguf(metadata, files.Tensors.ContainsKey), name => files.Tensors.GetValueOrDefault(name)?.ReadVector());
            if (ModelConfigValidator.FindError(config) is { } error)
            {
                throw new InvalidCheckpointException(path, error.Field, error.Reason);
            }

            LatentUpTensor.Join(files.Tensors);
            GgufTokenizerData? tokenizer = GgufTokenizerMetadata.Read(metadata);
            return new MappedCheckpoint(
                path,
                config,
                () => tokenizer is null ? null : GgufTokenizer.Create(tokenizer, path),
                GgufGenerationMetadata.Read(metadata),
                TensorTable.Match(path, config, family, family.GgufNamingFor(config), files.Tensors),
                [files],
                GgufEmbeddingMetadata.Read(metadata, family.GgufArchitecture),
                made => GgufChatTemplate.Read(metadata, made),
                family.Warn(files.Tensors.Keys, config));
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }
}
