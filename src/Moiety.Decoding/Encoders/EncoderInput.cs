namespace Moiety.Decoding.Encoders;

/// <summary>A text, or two that belong together, as an encoder takes it.</summary>
/// <param name="Ids">Token ids, at least one.</param>
/// <param name="TypeIds">For each token the segment that it belongs to; empty when all are of the first, or the model tells none apart.</param>
internal sealed record EncoderInput(int[] Ids, int[] TypeIds);
