using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>Writes a model in the container that its new name asks for, with all that goes along with the weights.</summary>
public static class CheckpointWriter
{
    /// <summary>Writes a model.</summary>
    /// <param name="path">A name that ends in <c>.gguf</c> for a GGUF file, any other for a Hugging Face folder.</param>
    /// <param name="source">The model whose configuration, generation settings and templates go along.</param>
    /// <param name="tensors">Its weights, as they are or changed.</param>
    /// <param name="tokenizer">The tokenizer, or null to write none.</param>
    /// <param name="format">Format of the weights, or null for the source's.</param>
    /// <param name="maxShardBytes">Largest size of one file, or null for the container's usual one.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="config">The architecture where it is another one than the source's, or null.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <returns>What to open.</returns>
    /// <exception cref="InvalidInputException">A weight is not finite or does not fit the format, the disk is full, or nothing can be written there.</exception>
    public static string Write(
        string path,
        Checkpoint source,
        TensorSource tensors,
        Tokenizer? tokenizer,
        StorageFormat? format = null,
        long? maxShardBytes = null,
        IProgress<CheckpointProgress>? progress = null,
        ModelConfig? config = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(source);
        config ??= source.Config;
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            GgufOptions gguf = new()
            {
                FormatFor = format is null ? null : _ => format,
                MaxShardBytes = maxShardBytes,
                Name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(source.Path)),
                Generation = source.Generation,
                ChatTemplate = source.ChatTemplate,
                Embedding = source.Embedding,
            };
            return GgufWriter.Write(path, config, tensors, tokenizer, gguf, progress, cancellationToken)[0];
        }

        HuggingFaceOptions options = new() { Format = format, Generation = source.Generation, ChatTemplate = source.ChatTemplate, Embedding = source.Embedding };
        options = maxShardBytes is { } bytes ? options with { MaxShardBytes = bytes } : options;
        HuggingFaceWriter.Write(path, config, tensors, tokenizer, options, progress, cancellationToken);
        return path;
    }
}
