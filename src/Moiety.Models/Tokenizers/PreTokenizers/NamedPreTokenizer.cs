using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>What a value of <c>tokenizer.ggml.pre</c> means.</summary>
/// <param name="Name">The value.</param>
/// <param name="Stages">Cut one after the other.</param>
/// <param name="IgnoresMerges">Whether a word that is a token as a whole is not merged from bytes.</param>
/// <param name="AddsBos">Whether a text gets the BOS token when the file does not say.</param>
internal sealed record NamedPreTokenizer(string Name, ImmutableArray<PreTokenizer> Stages, bool IgnoresMerges, bool AddsBos);
