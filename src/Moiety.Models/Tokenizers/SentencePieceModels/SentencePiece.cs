namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary>A piece of a SentencePiece model.</summary>
/// <param name="Text">How it is spelled.</param>
/// <param name="Score">Its log-probability, or for byte-pair encoding how early it merges.</param>
/// <param name="Type">What it is.</param>
public readonly record struct SentencePiece(string Text, float Score, SentencePieceType Type);
