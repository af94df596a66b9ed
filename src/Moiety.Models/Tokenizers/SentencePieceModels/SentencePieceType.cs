namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary><c>SentencePiece.Type</c>, the same numbers as <c>tokenizer.ggml.token_type</c>.</summary>
public enum SentencePieceType
{
    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot spell.</summary>
    Unknown = 2,

    /// <summary>Never part of a text.</summary>
    Control = 3,

    /// <summary>Found in text as a whole.</summary>
    UserDefined = 4,

    /// <summary>Helps byte-pair merges and is never put out.</summary>
    Unused = 5,

    /// <summary>A byte of a character without a piece.</summary>
    Byte = 6,
}
