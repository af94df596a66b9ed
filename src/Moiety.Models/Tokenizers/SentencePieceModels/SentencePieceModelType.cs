namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary><c>TrainerSpec.ModelType</c>: how a SentencePiece model chooses pieces.</summary>
public enum SentencePieceModelType
{
    /// <summary>The best sum of scores.</summary>
    Unigram = 1,

    /// <summary>Byte-pair encoding.</summary>
    Bpe = 2,

    /// <summary>Words between spaces.</summary>
    Word = 3,

    /// <summary>Characters.</summary>
    Char = 4,
}
