namespace Moiety.Models.Tokenizers;

/// <summary>The values of <c>tokenizer.ggml.token_type</c>.</summary>
internal static class GgufTokenTypes
{
    /// <summary>A piece of text.</summary>
    public const int Normal = 1;

    /// <summary>Stands for what the vocabulary cannot spell.</summary>
    public const int Unknown = 2;

    /// <summary>Never part of a text.</summary>
    public const int Control = 3;

    /// <summary>Found in text as a whole.</summary>
    public const int UserDefined = 4;

    /// <summary>An id without a token.</summary>
    public const int Unused = 5;

    /// <summary>A byte of a character without a piece.</summary>
    public const int Byte = 6;
}
