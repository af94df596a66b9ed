namespace Moiety.Models.Tokenizers;

/// <summary>How a Unigram tokenizer treats spaces, unknown characters and scores.</summary>
public sealed record UnigramOptions : SentencePieceOptions
{
    /// <summary>Settings as they are by themselves.</summary>
    public UnigramOptions()
    {
    }

    /// <summary>Settings that go on from others.</summary>
    public UnigramOptions(SentencePieceOptions options)
        : base(options)
    {
    }

    /// <summary>
    /// Whether sums of scores are rounded to single precision, as SentencePiece does; Hugging Face's library and llama.cpp sum in double
    /// precision. It decides between segmentations that are (nearly) equally good.
    /// </summary>
    public bool SinglePrecision { get; init; }

    /// <summary>The score of an unknown character; null: the lowest score of a piece, less 10.</summary>
    public double? UnknownScore { get; init; }

    /// <summary>Whether the written form of a byte's piece (<c>&lt;0x0A&gt;</c>) is found in text, as Hugging Face's library does.</summary>
    public bool MatchesBytePieces { get; init; }
}
