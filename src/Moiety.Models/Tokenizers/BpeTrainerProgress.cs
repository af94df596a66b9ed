namespace Moiety.Models.Tokenizers;

/// <summary>How far training of a tokenizer is.</summary>
/// <param name="Documents">Documents read so far.</param>
/// <param name="Bytes">Bytes of text read so far.</param>
/// <param name="Words">Different words found so far.</param>
/// <param name="Tokens">Tokens in the vocabulary so far; 0 while documents are read.</param>
/// <param name="VocabularySize">Tokens that the vocabulary is to have.</param>
public readonly record struct BpeTrainerProgress(long Documents, long Bytes, int Words, int Tokens, int VocabularySize);
