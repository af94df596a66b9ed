using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Quantization;

/// <summary>
/// Which format each kind of tensor gets. Routers, the mixing of branches, norms, biases and learned positions are single precision
/// always: they are small, and a router's decision flips. Embedding and head get one step more precision than the rest by default.
/// </summary>
public sealed record QuantizationPolicy
{
    /// <summary>Format of attention and feed-forward projections.</summary>
    public required StorageFormat Format { get; init; }

    /// <summary>Format of the experts, where it differs.</summary>
    public StorageFormat? Experts { get; init; }

    /// <summary>Format of the attention projections, where it differs.</summary>
    public StorageFormat? Attention { get; init; }

    /// <summary>Format of the embedding; null for one step more than <see cref="Format"/>.</summary>
    public StorageFormat? Embedding { get; init; }

    /// <summary>Format of the output head; null for that of the embedding.</summary>
    public StorageFormat? Head { get; init; }

    /// <summary>Whether the tensor is single precision whatever formats are asked for.</summary>
    public static bool IsKept(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.IsVector || tensor.Role
            is TensorRole.Router or TensorRole.Coefficient or TensorRole.SharedWeight
            or TensorRole.PositionEmbedding or TensorRole.TokenTypeEmbedding or TensorRole.RelativeBias or TensorRole.RelativeEmbedding;
    }

    /// <summary>The format that is asked for, whether or not the tensor's rows are whole blocks of it.</summary>
    public StorageFormat Wish(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.Role switch
        {
            _ when IsKept(tensor) => StorageFormats.F32,
            TensorRole.Embedding => Embedding ?? OneStepUp(Format),
            TensorRole.Head => Head ?? Embedding ?? OneStepUp(Format),
            TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown => Experts ?? Format,
            _ when ModelSummary.PartOf(tensor.Role) == ModelPart.Attention => Attention ?? Format,
            _ => Format,
        };
    }

    /// <summary>The format that the tensor gets: the wish, or what takes its place where rows are no whole number of blocks.</summary>
    public StorageFormat For(TensorSpec tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return Wish(tensor).ForColumns(tensor.Columns);
    }

    private static StorageFormat OneStepUp(StorageFormat format) => format switch
    {
        { BlockLength: 1 } => format,
        { BitsPerElement: > 8 } => StorageFormats.F16,
        { BlockLength: 256, BitsPerElement: < 6 } => StorageFormats.Q6_K,
        _ => StorageFormats.Q8_0,
    };
}
