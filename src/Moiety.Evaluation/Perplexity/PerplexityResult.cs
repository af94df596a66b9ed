namespace Moiety.Evaluation.Perplexity;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Documents">Documents read.</param>
/// <param name="Tokens">Tokens scored: all but the first of each document.</param>
/// <param name="Bytes">Bytes of text that these tokens stand for.</param>
/// <param name="NegativeLogLikelihood">Sum over the tokens of -ln p(token | all before it in its window), in nats.</param>
/// <param name="SumOfSquares">Sum of the squares of the same, for the standard error.</param>
public sealed record PerplexityResult(long Documents, long Tokens, long Bytes, double NegativeLogLikelihood, double SumOfSquares)
{
    /// <summary>Mean negative log-likelihood of a token, in nats.</summary>
    public double Loss => NegativeLogLikelihood / Tokens;

    /// <summary>Standard error of <see cref="Loss"/>, tokens taken as independent.</summary>
    public double LossStandardError =>
        Math.Sqrt(Math.Max(0, (SumOfSquares / Tokens) - (Loss * Loss)) / Math.Max(1, Tokens - 1));

    /// <summary>exp(<see cref="Loss"/>).</summary>
    public double Perplexity => Math.Exp(Loss);

    /// <summary>Standard error of <see cref="Perplexity"/>, to first order.</summary>
    public double PerplexityStandardError => Perplexity * LossStandardError;

    /// <summary>Bits that the model needs for a byte of text: comparable between tokenizers.</summary>
    public double BitsPerByte => NegativeLogLikelihood / Math.Log(2) / Bytes;
}
