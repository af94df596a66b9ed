using System.Collections.Immutable;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>What <see cref="BpeTrainer"/> aims at.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>Written form of the token that separates documents unless the options say otherwise.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>Tokens to have at the end: special tokens, the 256 bytes, and merges.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>A pair that occurs less often is never merged.</summary>
    public int MinFrequency { get; init; } = 2;

    /// <summary>
    /// Special tokens, which get the first ids. The first one separates documents: it is BOS and EOS, and encoding puts it before a
    /// text.
    /// </summary>
    public ImmutableArray<string> SpecialTokens { get; init; } = [EndOfText];

    /// <summary>Cuts text into the words that no merge crosses.</summary>
    public PreTokenizer PreTokenizer { get; init; } = new ByteLevelPreTokenizer();
}
