namespace Moiety.Experiments.Corpora;

/// <summary>The files that the arms of an experiment train on.</summary>
/// <param name="Training">The corpus to train on.</param>
/// <param name="Validation">The held-out corpus.</param>
/// <param name="Tokenizer">Folder of the tokenizer.</param>
/// <param name="Cache">Folder of the token caches.</param>
/// <param name="Hash">Hash of the contents of corpora and tokenizer.</param>
/// <param name="VocabularySize">Tokens that the tokenizer has.</param>
public sealed record CorpusFiles(string Training, string Validation, string Tokenizer, string Cache, string Hash, int VocabularySize);
