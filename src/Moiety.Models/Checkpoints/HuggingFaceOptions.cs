using System.Text.Json.Nodes;
using Moiety.Models.Chat;
using Moiety.Models.Configuration;
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

    /// <summary>
    /// Format of each tensor, in place of <see cref="Format"/>: F32, F16 and BF16, and for the matrices of linear layers one of Q4_0 and
    /// Q8_0 (GPTQ), F8_E4M3 (blocks of 128 × 128), and MXFP4 for experts where the family publishes them so. Tensors that a folder
    /// does not quantize, such as embeddings, get 16 bits instead.
    /// </summary>
    public Func<TensorSpec, StorageFormat>? FormatFor { get; init; }

    /// <summary>How much each column of a tensor matters when it is rounded to a format of few bits; null or empty for all alike.</summary>
    public Func<TensorSpec, ReadOnlyMemory<float>>? ImportanceOf { get; init; }

    /// <summary>Largest size of one <c>.safetensors</c> file in bytes; a single larger tensor still goes into one.</summary>
    public long MaxShardBytes { get; init; } = 5_000_000_000;

    /// <summary>What <c>generation_config.json</c> says beside the special tokens.</summary>
    public GenerationConfig? Generation { get; init; }

    /// <summary>How conversations are written; null to write none.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>Further keys of <c>config.json</c> that say where the model comes from; readers pass over keys that they do not know.</summary>
    public JsonObject? Provenance { get; init; }

    /// <summary>What the files of sentence-transformers say; null to write none.</summary>
    public EmbeddingConfig? Embedding { get; init; }
}
