using Moiety.Models.Chat;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>What a Hugging Face folder should be like.</summary>
public sealed record HuggingFaceOptions
{
    /// <summary>
    /// Format of the weights: F32, F16 or BF16. Null keeps that of the source, and F32 for quantized ones. Routers of Moiety's
    /// own family are F32 always.
    /// </summary>
    public StorageFormat? Format { get; init; }

    /// <summary>Largest size of one <c>.safetensors</c> file in bytes; a single larger tensor still goes into one.</summary>
    public long MaxShardBytes { get; init; } = 5_000_000_000;

    /// <summary>What <c>generation_config.json</c> says beside the special tokens.</summary>
    public GenerationConfig? Generation { get; init; }

    /// <summary>How conversations are written; null to write none.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>What the files of sentence-transformers say; null to write none.</summary>
    public EmbeddingConfig? Embedding { get; init; }
}
