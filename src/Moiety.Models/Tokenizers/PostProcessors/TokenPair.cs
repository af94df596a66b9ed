namespace Moiety.Models.Tokenizers.PostProcessors;

/// <summary>Two texts as one sequence of tokens.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="TypeIds">For each token the segment that it belongs to (<c>token_type_ids</c>), usually 0 or 1.</param>
public sealed record TokenPair(int[] Ids, int[] TypeIds);
