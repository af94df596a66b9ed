using System.Collections.Immutable;

namespace Moiety.Models.Configuration;

/// <summary>
/// What a decoder is: the one description that the trainer and the engine build the same model from. A family maps its
/// own configuration onto this record. A Pyramid-Residual MoE is plain data here: <see cref="FeedForwards"/> differs per layer.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>Name of the family that the checkpoint's names follow, e.g. <c>moiety_moe</c>, <c>llama</c>, <c>mixtral</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Rows of the embedding and of the output head.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/> (grouped-query attention, arXiv 2305.13245).</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Width of one head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Longest sequence, in tokens, that the model was made for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon inside the root of every RMSNorm (arXiv 1910.07467).</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Position encoding.</summary>
    public required RotaryConfig Rotary { get; init; }

    /// <summary>Whether the output head is the embedding matrix.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>One entry per layer.</summary>
    public required ImmutableArray<FeedForwardConfig> FeedForwards { get; init; }

    /// <summary>Token that starts a sequence, or null.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>Number of decoder layers.</summary>
    public int LayerCount => FeedForwards.Length;

    /// <summary>Checks that the sizes are positive, sane and fit each other.</summary>
    /// <exception cref="InvalidInputException">A rule is broken; the message names the field, the value and the rule.</exception>
    public void Validate()
    {
        if (ModelConfigValidator.FindError(this) is { } error)
        {
            throw new InvalidInputException($"model configuration: {error.Field}: {error.Reason}.");
        }
    }

    /// <inheritdoc/>
    public bool Equals(ModelConfig? other) => other is not null
        && Family == other.Family
        && VocabularySize == other.VocabularySize
        && HiddenSize == other.HiddenSize
        && HeadCount == other.HeadCount
        && KeyValueHeadCount == other.KeyValueHeadCount
        && HeadSize == other.HeadSize
        && ContextLength == other.ContextLength
        && NormEpsilon == other.NormEpsilon
        && Rotary == other.Rotary
        && TieWordEmbeddings == other.TieWordEmbeddings
        && BosTokenId == other.BosTokenId
        && FeedForwards.AsSpan().SequenceEqual(other.FeedForwards.AsSpan())
        && EosTokenIds.AsSpan().SequenceEqual(other.EosTokenIds.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Family, VocabularySize, HiddenSize, HeadCount, KeyValueHeadCount, HeadSize, ContextLength, LayerCount);
}
