using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>The storage formats that Hugging Face folders have a published layout for, and what they are used for there.</summary>
internal static class FolderFormats
{
    private static readonly StorageFormat[] Plain = [StorageFormats.F32, StorageFormats.F16, StorageFormats.BF16];
    private static readonly StorageFormat[] Quantized = [StorageFormats.Q8_0, StorageFormats.F8_E4M3, StorageFormats.Q4_0, StorageFormats.MXFP4];

    /// <summary>The names, for messages.</summary>
    public static string Known => string.Join(", ", Plain.Concat(Quantized).Select(format => format.Name));

    /// <summary>Whether elements are kept one by one, without scales.</summary>
    public static bool IsPlain(StorageFormat format) => Plain.Contains(format);

    /// <summary>Refuses formats without a layout.</summary>
    /// <exception cref="InvalidInputException">No folder holds the format.</exception>
    public static void Check(StorageFormat format)
    {
        if (!IsPlain(format) && !Quantized.Contains(format))
        {
            throw new InvalidInputException(
                $"{format.Name}: no published layout of Hugging Face folders holds it; they hold {Known}. Give the output a name that ends in .gguf, or choose one of these.");
        }
    }

    /// <summary>What tensors get that a folder does not quantize: the 16 bits in which the published tools compute beside the format.</summary>
    public static StorageFormat Companion(StorageFormat format) =>
        IsPlain(format) ? format : format == StorageFormats.Q4_0 || format == StorageFormats.Q8_0 ? StorageFormats.F16 : StorageFormats.BF16;

    /// <summary>Whether a tensor is the weight of a linear layer within the decoder's layers; such are quantized, and no others.</summary>
    public static bool IsLinear(TensorRole role) => role
        is TensorRole.Query or TensorRole.Key or TensorRole.Value or TensorRole.AttentionOutput
        or TensorRole.QueryDown or TensorRole.KeyValueDown or TensorRole.KeyValueUp
        or TensorRole.Gate or TensorRole.Up or TensorRole.Down
        or TensorRole.SharedGate or TensorRole.SharedUp or TensorRole.SharedDown
        or TensorRole.ResidualGate or TensorRole.ResidualUp or TensorRole.ResidualDown
        || IsExpert(role);

    /// <summary>Whether a tensor is a matrix of an expert.</summary>
    public static bool IsExpert(TensorRole role) => role is TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown;
}
