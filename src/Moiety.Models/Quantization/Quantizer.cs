using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Checkpoints.Folders;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Quantization;

/// <summary>Writes any checkpoint with weights in other formats: as a GGUF file, or as a Hugging Face folder.</summary>
public static class Quantizer
{
    /// <summary>Refuses what <see cref="Quantize"/> would refuse, before any work.</summary>
    /// <param name="source">The checkpoint.</param>
    /// <param name="path">A name that ends in <c>.gguf</c> for a GGUF file, any other for a Hugging Face folder.</param>
    /// <param name="policy">Which tensor gets which format.</param>
    /// <exception cref="InvalidInputException">The output is the input, or what is written there does not hold a format.</exception>
    public static void Check(Checkpoint source, string path, QuantizationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(policy);
        string output = Full(path);
        string input = Full(source.Path);
        if (output == input || output == Path.GetDirectoryName(input))
        {
            throw new InvalidInputException($"{path}: the output is the input, or would replace it. Give another name.");
        }

        if (!IsGguf(path))
        {
            PlanFolder(source, policy, importance: null);
        }
        else if (Formats(policy).FirstOrDefault(format => !format.CanQuantize) is { } format)
        {
            throw new InvalidInputException($"{format.Name}: no GGUF file holds it. Give the output a name without .gguf for a Hugging Face folder, or choose another format.");
        }
    }

    /// <summary>Quantizes a checkpoint.</summary>
    /// <param name="source">The checkpoint; tokenizer and generation settings travel along.</param>
    /// <param name="path">
    /// What to write or replace: a GGUF file when the name ends in <c>.gguf</c>, otherwise a Hugging Face folder, which holds F32, F16, BF16,
    /// Q8_0 and Q4_0 (as GPTQ), F8_E4M3 (in blocks of 128 × 128), and MXFP4 for experts of GPT-OSS. Folders quantize linear layers only;
    /// embedding and head get 16 bits.
    /// </param>
    /// <param name="policy">Which tensor gets which format.</param>
    /// <param name="importance">What matters for a calibration text, or null to round every weight alike.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <exception cref="InvalidInputException">
    /// A weight is not finite or does not fit the format, what is written there does not hold a format, the disk is full, or nothing can
    /// be written there.
    /// </exception>
    public static QuantizationResult Quantize(
        Checkpoint source,
        string path,
        QuantizationPolicy policy,
        ImportanceMatrix? importance = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, path, policy);
        long before = TensorCatalog.For(source.Config).Sum(tensor => source.Describe(tensor.Name).ByteLength);
        if (!IsGguf(path))
        {
            FolderPlan plan = PlanFolder(source, policy, importance);
            HuggingFaceWriter.Write(path, plan, TensorSource.From(source), source.Tokenizer, progress, cancellationToken);
            return new QuantizationResult(before, plan.TotalBytes, plan.Notes);
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
        long after = TensorCatalog.For(source.Config).Sum(tensor => policy.For(tensor).RowBytes(tensor.Columns) * tensor.Rows);
        return new QuantizationResult(before, after, Notes(source.Config, policy));
    }

    private static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    private static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    private static IEnumerable<StorageFormat> Formats(QuantizationPolicy policy) =>
        new[] { policy.Format, policy.Experts, policy.Attention, policy.Embedding, policy.Head }.OfType<StorageFormat>();

    private static FolderPlan PlanFolder(Checkpoint source, QuantizationPolicy policy, ImportanceMatrix? importance)
    {
        foreach (StorageFormat format in Formats(policy))
        {
            FolderFormats.Check(format);
        }

        foreach (StorageFormat? format in (ReadOnlySpan<StorageFormat?>)[policy.Embedding, policy.Head])
        {
            if (format is not null && !FolderFormats.IsPlain(format))
            {
                throw new InvalidInputException($"{format.Name}: Hugging Face folders quantize linear layers only; choose F32, F16 or BF16 for embedding and head, or a name that ends in .gguf.");
            }
        }

        StorageFormat beside = FolderFormats.Companion(policy.Format);
        HuggingFaceOptions options = new()
        {
            FormatFor = tensor => QuantizationPolicy.IsKept(tensor) ? Kept(source, tensor, beside) : policy.Wish(tensor),
            ImportanceOf = importance is null ? null : tensor => importance.Of(tensor.Name),
            Generation = source.Generation,
            ChatTemplate = source.ChatTemplate,
            Embedding = source.Embedding,
        };
        return FolderPlan.Make(source.Config, TensorSource.From(source), options);
    }

    // Single precision, but where the source has fewer bits already and the folder is of the same type, those: nothing is lost.
    private static StorageFormat Kept(Checkpoint source, TensorSpec tensor, StorageFormat beside) =>
        source.Describe(tensor.Name).Format == beside ? beside : StorageFormats.F32;

    private static ImmutableArray<string> Notes(ModelConfig config, QuantizationPolicy policy) =>
    [
        .. TensorCatalog.For(config)
            .Where(tensor => policy.Wish(tensor) != policy.For(tensor))
            .GroupBy(tensor => (tensor.Role, tensor.Columns, Wish: policy.Wish(tensor), Got: policy.For(tensor)))
            .Select(group => $"{group.Key.Role}: {group.Count()} tensors became {group.Key.Got.Name}: rows of {group.Key.Columns} are no multiple of the {group.Key.Wish.BlockLength} elements of a {group.Key.Wish.Name} block."),
    ];
}
