using System.Collections.Immutable;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>How a SentencePiece-style tokenizer treats spaces and characters that it does not know.</summary>
public record SentencePieceOptions : TokenizerOptions
{
    /// <summary>The character that stands for a space in pieces: U+2581, or a plain space in llama2.c's files.</summary>
    public char SpaceMark { get; init; } = '\u2581';

    /// <summary>Cut one after the other before spaces are marked. Empty: the text stays whole.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers { get; init; } = [];

    /// <summary>Where a space is added when encoding.</summary>
    public SpacePrefix SpacePrefix { get; init; } = SpacePrefix.EverySegment;

    /// <summary>Whether decoding drops one space from the start of a text, where no other decoder is given.</summary>
    public bool StripsLeadingSpace { get; init; } = true;

    /// <summary>Whether every space begins a new word, which no merge crosses.</summary>
    public bool SplitsAtSpaces { get; init; }

    /// <summary>Whether a character that the vocabulary does not spell becomes its UTF-8 bytes, as pieces <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</summary>
    public bool ByteFallback { get; init; } = true;

    /// <summary>Whether several unknown characters in a row are one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>
    /// Pieces of the vocabulary that stay whole wherever marked text has them, as SentencePiece's user-defined symbols do. (Other formats
    /// have <see cref="TokenizerOptions.AddedTokens"/> for it, which are cut out before spaces are marked.)
    /// </summary>
    public ImmutableArray<int> UserDefined { get; init; } = [];
}
