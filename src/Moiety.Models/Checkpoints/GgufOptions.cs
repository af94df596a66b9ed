using Moiety.Models.Chat;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>What a GGUF file should be like.</summary>
public sealed record GgufOptions
{
    /// <summary>
    /// Format of each tensor; null keeps that of the source. Vectors, routers, the mixing of a residual MoE and learned positions are
    /// single precision always: they are small, a router's decision flips, and llama.cpp adds positions in no other precision.
    /// </summary>
    public Func<TensorSpec, StorageFormat>? FormatFor { get; init; }

    /// <summary>How much each column of a tensor matters when it is rounded to a format of few bits; null or empty for all alike.</summary>
    public Func<TensorSpec, ReadOnlyMemory<float>>? ImportanceOf { get; init; }

    /// <summary>How conversations are written; null to write none.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>
    /// Most bytes of tensors in one file; null for one file. A model that has more goes into <c>NAME-00001-of-00003.gguf</c> and so on.
    /// </summary>
    public long? MaxShardBytes { get; init; }

    /// <summary>Name of the model for people: <c>general.name</c>.</summary>
    public string? Name { get; init; }

    /// <summary>How its makers want text generated.</summary>
    public GenerationConfig? Generation { get; init; }

    /// <summary>How its makers want texts turned into vectors.</summary>
    public EmbeddingConfig? Embedding { get; init; }
}
