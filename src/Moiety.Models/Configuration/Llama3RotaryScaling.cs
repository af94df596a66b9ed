namespace Moiety.Models.Configuration;

/// <summary>
/// Llama 3.1's rule: frequencies of wavelengths beyond original / low are divided by the factor, those within original / high stay, and
/// those between are interpolated.
/// </summary>
/// <param name="Factor">The divisor of low frequencies.</param>
/// <param name="LowFrequencyFactor">Turns within the original context below which a frequency counts as low.</param>
/// <param name="HighFrequencyFactor">Turns within the original context above which a frequency counts as high.</param>
/// <param name="OriginalContextLength">Context that the model was first trained for.</param>
public sealed record Llama3RotaryScaling(float Factor, float LowFrequencyFactor, float HighFrequencyFactor, int OriginalContextLength) : RotaryScaling;
