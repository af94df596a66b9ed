using System.Collections.Immutable;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>How a byte-level tokenizer cuts text and merges.</summary>
public sealed record ByteLevelBpeOptions : TokenizerOptions
{
    /// <summary>Cut one after the other, each within the words of the one before. Empty: the text is one word.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers { get; init; } = [new ByteLevelPreTokenizer()];

    /// <summary>Whether a word that is a token as a whole is not merged from bytes (Llama 3).</summary>
    public bool IgnoreMerges { get; init; }
}
