using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Families.Layouts;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>What a Hugging Face folder will hold, worked out and checked before anything is written.</summary>
/// <param name="Config">The architecture.</param>
/// <param name="Family">Its family.</param>
/// <param name="Options">What the folder should be like.</param>
/// <param name="Shards">The tensors, file by file.</param>
/// <param name="MainType">What <c>torch_dtype</c> names.</param>
/// <param name="Quantization">The <c>quantization_config</c>, or null when nothing is quantized.</param>
/// <param name="Notes">For people: which matrices did not get the wished format, and why.</param>
internal sealed record FolderPlan(
    ModelConfig Config,
    ModelFamily Family,
    HuggingFaceOptions Options,
    ImmutableArray<ImmutableArray<FolderTensor>> Shards,
    StorageFormat MainType,
    JsonObject? Quantization,
    ImmutableArray<string> Notes)
{
    /// <summary>How the names of matrices of linear layers end.</summary>
    public const string WeightSuffix = ".weight";

    /// <summary>Bytes of all tensors.</summary>
    public long TotalBytes => Shards.Sum(shard => shard.Sum(tensor => tensor.ByteLength));

    /// <summary>Works out a folder.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="tensors">Where the weights come from.</param>
    /// <param name="options">What the folder should be like.</param>
    /// <exception cref="InvalidInputException">The configuration is invalid, or the family's folders hold no such formats.</exception>
    public static FolderPlan Make(ModelConfig config, TensorSource tensors, HuggingFaceOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tensors);
        ModelFamily family = ModelFamilies.ForWriting(config);
        if (options.Format is { } format && !FolderFormats.IsPlain(format))
        {
            throw new InvalidInputException($"a Hugging Face folder cannot hold {format.Name} throughout; known: {SafetensorsFormats.Computed}. Write a GGUF file instead, or quantize into the folder (moiety quantize).");
        }

        StorageFormat FormatFor(TensorSpec tensor) => FolderPlan.FormatFor(tensor, family, tensors, options);
        TensorNaming naming = NamingFor(config, family, FormatFor);
        FolderArrangement arrangement = new(family, PlannedTensor.Plan(config, naming, FormatFor), FormatFor);
        return new FolderPlan(
            config,
            family,
            options,
            PlannedTensor.Share(arrangement.Tensors, tensor => tensor.ByteLength, options.MaxShardBytes),
            arrangement.MainType,
            arrangement.Quantization,
            arrangement.Notes);
    }

    private static StorageFormat FormatFor(TensorSpec spec, ModelFamily family, TensorSource tensors, HuggingFaceOptions options)
    {
        // A rounded table would name other experts.
        if (spec.Role == TensorRole.ExpertTable)
        {
            return StorageFormats.F32;
        }

        if (family.KeepsRouterInSingle && spec.Role is TensorRole.Router or TensorRole.Coefficient or TensorRole.CoefficientBias)
        {
            return StorageFormats.F32;
        }

        if (options.FormatFor?.Invoke(spec) is { } wanted)
        {
            FolderFormats.Check(wanted);
            return FolderFormats.IsLinear(spec.Role) ? wanted : FolderFormats.Companion(wanted);
        }

        if (options.Format is { } format)
        {
            return format;
        }

        StorageFormat found = tensors.GetFormat(spec);
        return FolderFormats.IsPlain(found) ? found : StorageFormats.F32;
    }

    // A family that publishes MXFP4 has it in tensors of other names than weights that are not quantized.
    private static TensorNaming NamingFor(ModelConfig config, ModelFamily family, Func<TensorSpec, StorageFormat> formatFor)
    {
        TensorNaming naming = family.HuggingFaceNamingFor(config);
        foreach (TensorRole role in TensorCatalog.For(config)
            .Where(tensor => FolderFormats.IsExpert(tensor.Role) && formatFor(tensor) == StorageFormats.MXFP4).Select(tensor => tensor.Role).Distinct())
        {
            for (TensorLocation? location = naming.LocationOf(role); location is not null; location = location.Otherwise)
            {
                if (location.Names[0].EndsWith(Mxfp4FolderTensor.BlocksSuffix, StringComparison.Ordinal))
                {
                    naming = naming.With((role, location));
                    break;
                }
            }
        }

        return naming;
    }
}
