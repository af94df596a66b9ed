using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints;

/// <summary>How the makers of a checkpoint want its text generated: <c>generation_config.json</c>. Null: no wish.</summary>
public sealed record GenerationConfig
{
    /// <summary>Whether to sample; otherwise the most probable token.</summary>
    public bool? Sample { get; init; }

    /// <summary>Temperature of the softmax.</summary>
    public float? Temperature { get; init; }

    /// <summary>Tokens to choose among.</summary>
    public int? TopK { get; init; }

    /// <summary>Probability mass to choose among.</summary>
    public float? TopP { get; init; }

    /// <summary>Smallest probability, relative to the best token's.</summary>
    public float? MinP { get; init; }

    /// <summary>Divisor of the logits of tokens that already occurred; 1 for none.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Tokens to generate at most.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Token that starts a sequence.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text; empty: those of the configuration.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];
}
