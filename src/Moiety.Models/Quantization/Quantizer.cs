using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Quantization;

/// <summary>Writes any checkpoint as a GGUF file whose weights have other formats.</summary>
public static class Quantizer
{
    /// <summary>Quantizes a checkpoint.</summary>
    /// <param name="source">The checkpoint; tokenizer and generation settings travel along.</param>
    /// <param name="path">The GGUF file to write or replace.</param>
    /// <param name="policy">Which tensor gets which format.</param>
    /// <param name="importance">What matters for a calibration text, or null to round every weight alike.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <exception cref="InvalidInputException">A weight is not finite or does not fit the format, the disk is full, or the file cannot be written.</exception>
    public static QuantizationResult Quantize(
        Checkpoint source,
        string path,
        QuantizationPolicy policy,
        ImportanceMatrix? importance = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(policy);
        if (Path.GetFullPath(path) == Path.GetFullPath(source.Path))
        {
            throw new InvalidInputException($"{path}: the output is the input. Give another name.");
        }

        GgufOptions options = new()
        {
            FormatFor = policy.For,
            ImportanceOf = importance is null ? null : tensor => importance.Of(tensor.Name),
            Name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(source.Path)),
            Generation = source.Generation,
            ChatTemplate = source.ChatTemplate,
            Embedding = source.Embedding,
        };
        GgufWriter.Write(path, source.Config, TensorSource.From(source), source.Tokenizer, options, progress, cancellationToken);
        long before = 0;
        long after = 0;
        foreach (TensorSpec tensor in TensorCatalog.For(source.Config))
        {
            before += source.Describe(tensor.Name).ByteLength;
            after += policy.For(tensor).RowBytes(tensor.Columns) * tensor.Rows;
        }

        return new QuantizationResult(before, after, Notes(source.Config, policy));
    }

    private static ImmutableArray<string> Notes(ModelConfig config, QuantizationPolicy policy) =>
    [
        .. TensorCatalog.For(config)
            .Where(tensor => policy.Wish(tensor) != policy.For(tensor))
            .GroupBy(tensor => (tensor.Role, tensor.Columns, Wish: policy.Wish(tensor), Got: policy.For(tensor)))
            .Select(group => $"{group.Key.Role}: {group.Count()} tensors became {group.Key.Got.Name}: rows of {group.Key.Columns} are no multiple of the {group.Key.Wish.BlockLength} elements of a {group.Key.Wish.Name} block."),
    ];
}
