namespace Moiety.Models.Tokenizers;

/// <summary>Where a SentencePiece tokenizer puts a space of its own, so that a word is spelled alike at the start and within a text.</summary>
public enum SpacePrefix
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Before the text and after every added token in it.</summary>
    EverySegment,

    /// <summary>As <see cref="EverySegment"/>, unless a space is there already.</summary>
    EverySegmentWithoutSpace,

    /// <summary>Before the text only, unless a space is there already.</summary>
    FirstSegmentWithoutSpace,
}
