namespace Moiety.Models.Configuration;

/// <summary>Position interpolation (arXiv 2306.15595): all positions are divided by a factor.</summary>
/// <param name="Factor">The factor, 1 or more.</param>
public sealed record LinearRotaryScaling(float Factor) : RotaryScaling;
