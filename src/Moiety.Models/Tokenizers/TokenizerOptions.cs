using System.Collections.Immutable;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tokenizers;

/// <summary>What a checkpoint says about its tokens beside pieces and merges.</summary>
public record TokenizerOptions
{
    /// <summary>Tokens that are found in text as a whole.</summary>
    public ImmutableArray<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>Token that starts a sequence, or null.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>Token for what the vocabulary cannot spell, or null to leave it out.</summary>
    public int? UnknownTokenId { get; init; }

    /// <summary>Tokens that encoding puts before a text.</summary>
    public ImmutableArray<int> Prefix { get; init; } = [];

    /// <summary>Tokens that encoding puts after a text.</summary>
    public ImmutableArray<int> Suffix { get; init; } = [];

    /// <summary>How two texts are put together; empty: each with <see cref="Prefix"/> and <see cref="Suffix"/>, one after the other.</summary>
    public ImmutableArray<TemplatePiece> Pair { get; init; } = [];

    /// <summary>What happens to a text before it is split, or null.</summary>
    public Normalizer? Normalizer { get; init; }

    /// <summary>What the pieces mean in text; null: what is usual for this kind of tokenizer.</summary>
    public TokenDecoder? Decoder { get; init; }
}
