using Moiety.Evaluation.Perplexity;

namespace Moiety.Evaluation.Quantization;

/// <summary>What one way to store a model's weights costs and loses.</summary>
/// <param name="Name">The format, or "as it is" for the model that was given.</param>
/// <param name="IsCalibrated">Whether the weights were rounded by their importance for a calibration text.</param>
/// <param name="Bytes">Bytes of all weights.</param>
/// <param name="BitsPerWeight">Bytes of all weights over their number, in bits.</param>
/// <param name="Result">How well the model predicts the text.</param>
public sealed record QuantizationTrial(string Name, bool IsCalibrated, long Bytes, double BitsPerWeight, PerplexityResult Result);
