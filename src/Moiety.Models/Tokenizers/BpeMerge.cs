namespace Moiety.Models.Tokenizers;

/// <summary>A learned merge: two neighboring tokens become the one that spells both.</summary>
/// <param name="Left">Id of the first token.</param>
/// <param name="Right">Id of the second token.</param>
/// <param name="Result">Id of the merged token.</param>
public readonly record struct BpeMerge(int Left, int Right, int Result);
