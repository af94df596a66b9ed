namespace Moiety.Inference.Plans;

/// <summary>Tokens [Start, End) of a sequence that must not see the other blocks of the same set.</summary>
/// <param name="Start">Index in the sequence (not in the slice) of the first token.</param>
/// <param name="End">Index after the last token.</param>
/// <param name="Set">Blocks of different sets see each other causally.</param>
public readonly record struct KeyBlock(int Start, int End, int Set = 0);
