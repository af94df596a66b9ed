using System.Collections.Immutable;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>How a WordPiece tokenizer cuts text and spells words.</summary>
public sealed record WordPieceOptions : TokenizerOptions
{
    /// <summary>Cut one after the other, each within the words of the one before. Empty: the text is one word.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers { get; init; } = [new BertPreTokenizer()];

    /// <summary>What marks a piece that continues a word.</summary>
    public string ContinuingPrefix { get; init; } = "##";

    /// <summary>A word of more characters is unknown.</summary>
    public int LongestWord { get; init; } = 100;
}
