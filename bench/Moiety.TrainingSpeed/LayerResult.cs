namespace Moiety.TrainingSpeed;

/// <summary>One line of the comparison of a whole layer with the dense layer of the same products per token.</summary>
/// <param name="Tokens">S.</param>
/// <param name="Experts">E.</param>
/// <param name="TopK">Experts of a token.</param>
/// <param name="Size">Inner width of an expert.</param>
/// <param name="SparseMilliseconds">Processor time of the Mixture-of-Experts, forward and backward.</param>
/// <param name="DenseMilliseconds">Processor time of the dense layer.</param>
/// <param name="Ratio">The first over the second.</param>
internal sealed record LayerResult(int Tokens, int Experts, int TopK, int Size, double SparseMilliseconds, double DenseMilliseconds, double Ratio);
