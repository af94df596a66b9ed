namespace Moiety.Inference.Model;

/// <summary>A few consecutive attending tokens of one slice, which one worker computes for one key-value head.</summary>
/// <param name="Slice">Index of the slice.</param>
/// <param name="Start">First entry in the layer's list of attending tokens.</param>
/// <param name="End">Entry after the last.</param>
internal readonly record struct AttentionTile(int Slice, int Start, int End);
