namespace Moiety.Models.Configuration;

/// <summary>How one layer's attention differs from the others': how far it looks, and its positions.</summary>
/// <param name="Window">
/// Sliding window: query i sees keys j with i - j &lt; window. 0 for all keys before it.
/// </param>
/// <param name="Rotary">Rotary positions of the layer, or null when it has none (NoPE layers; learned positions; ALiBi).</param>
public sealed record LayerAttention(int Window, RotaryConfig? Rotary);
