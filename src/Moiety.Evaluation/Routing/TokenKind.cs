namespace Moiety.Evaluation.Routing;

/// <summary>What a token is as a piece of writing.</summary>
public enum TokenKind
{
    /// <summary>Letters after a space, or letters that no letter of a token before goes on in: the start of a word.</summary>
    WordStart,

    /// <summary>The inside or the end of a word.</summary>
    WordPiece,

    /// <summary>Punctuation and symbols.</summary>
    Punctuation,

    /// <summary>A token with a digit before any letter.</summary>
    Digit,

    /// <summary>Spaces and line ends only.</summary>
    WhiteSpace,

    /// <summary>A control token, never part of the text.</summary>
    Special,
}
