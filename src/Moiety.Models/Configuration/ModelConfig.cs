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

    /// <summary>Epsilon inside the root of every norm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Kind of the norms of the residual stream.</summary>
    public NormKind Norm { get; init; }

    /// <summary>Where the norms of a layer stand.</summary>
    public NormPlacement NormPlacement { get; init; }

    /// <summary>Whether a norm follows the last layer; models with <see cref="NormPlacement.Post"/> have none.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>Rotary positions, or null when the model has none.</summary>
    public required RotaryConfig? Rotary { get; init; }

    /// <summary>What attention has beyond its sizes.</summary>
    public AttentionConfig Attention { get; init; } = new();

    /// <summary>
    /// One entry per layer where layers differ in window or rotary positions; empty when all layers see everything and use
    /// <see cref="Rotary"/>. Read it through <see cref="AttentionOf"/>.
    /// </summary>
    public ImmutableArray<LayerAttention> LayerAttentions { get; init; } = [];

    /// <summary>Rows of the learned position embedding, or 0 when there is none.</summary>
    public int LearnedPositions { get; init; }

    /// <summary>Row of the learned position embedding that position 0 takes (OPT: 2; RoBERTa: padding token + 1).</summary>
    public int PositionOffset { get; init; }

    /// <summary>Token types that an encoder tells apart, or 0.</summary>
    public int TokenTypeCount { get; init; }

    /// <summary>Whether a norm follows the embedding (BLOOM, BERT).</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>Factor of the embedding (Gemma: the root of the hidden size; Granite).</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Width of the embedding where projections stand between it and the residual stream (OPT-350M); 0 for the hidden size.</summary>
    public int EmbeddingSize { get; init; }

    /// <summary>Factor of what attention and feed-forward add to the residual stream (Granite).</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Factor of the logits (Command-R, Granite).</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>Logits become c * tanh(logit / c), after <see cref="LogitScale"/>; 0 for none. Gemma 2: 30.</summary>
    public float LogitSoftCap { get; init; }

    /// <summary>Whether the output head has a bias (GPT-J, Phi-2).</summary>
    public bool HeadBias { get; init; }

    /// <summary>Whether the model is an encoder: every token sees all others, and there is no output head.</summary>
    public bool IsEncoder { get; init; }

    /// <summary>A convolution over the embedding that joins the residual stream after the first layer of an encoder, or null.</summary>
    public ConvolutionConfig? Convolution { get; init; }

    /// <summary>The head of an encoder that sorts texts into classes, or null.</summary>
    public ClassifierConfig? Classifier { get; init; }

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

    /// <summary>Window and rotary positions of a layer.</summary>
    public LayerAttention AttentionOf(int layer) => LayerAttentions.IsEmpty ? new LayerAttention(0, Rotary) : LayerAttentions[layer];

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
        && Norm == other.Norm
        && NormPlacement == other.NormPlacement
        && FinalNorm == other.FinalNorm
        && Rotary == other.Rotary
        && Attention == other.Attention
        && LayerAttentions.AsSpan().SequenceEqual(other.LayerAttentions.AsSpan())
        && LearnedPositions == other.LearnedPositions
        && PositionOffset == other.PositionOffset
        && TokenTypeCount == other.TokenTypeCount
        && EmbeddingNorm == other.EmbeddingNorm
        && EmbeddingScale == other.EmbeddingScale
        && EmbeddingSize == other.EmbeddingSize
        && ResidualScale == other.ResidualScale
        && LogitScale == other.LogitScale
        && LogitSoftCap == other.LogitSoftCap
        && HeadBias == other.HeadBias
        && IsEncoder == other.IsEncoder
        && Convolution == other.Convolution
        && Classifier == other.Classifier
        && TieWordEmbeddings == other.TieWordEmbeddings
        && BosTokenId == other.BosTokenId
        && FeedForwards.AsSpan().SequenceEqual(other.FeedForwards.AsSpan())
        && EosTokenIds.AsSpan().SequenceEqual(other.EosTokenIds.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Family, VocabularySize, HiddenSize, HeadCount, KeyValueHeadCount, HeadSize, ContextLength, LayerCount);
}
