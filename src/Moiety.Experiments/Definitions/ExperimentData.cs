using Moiety.Data;

namespace Moiety.Experiments.Definitions;

/// <summary>What an experiment trains on and measures with: two draws of the story world and a tokenizer trained on the first.</summary>
/// <param name="Training">The corpus to train on.</param>
/// <param name="Validation">The held-out corpus.</param>
/// <param name="VocabularySize">Tokens to train; the tokenizer has fewer when the corpus runs out of pairs.</param>
/// <param name="Description">The section of the file in one canonical form: equal for equal data.</param>
public sealed record ExperimentData(StoryWorldOptions Training, StoryWorldOptions Validation, int VocabularySize, string Description);
