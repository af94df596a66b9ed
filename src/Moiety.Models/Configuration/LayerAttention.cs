namespace Moiety.Models.Configuration;

/// <summary>How one layer's attention differs from the others': how far it looks, and its positions.</summary>
/// <param name="Window">
/// Sliding window: query i sees keys j with i - j &lt; window, and in an encoder with j - i &lt; window too. 0 for all keys.
/// </param>
/// <param name="Rotary">Rotary positions of the layer, or null when it has none (NoPE layers; learned positions; ALiBi).</param>
public sealed record LayerAttention(int Window, RotaryConfig? Rotary);
