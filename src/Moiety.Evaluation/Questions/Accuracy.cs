namespace Moiety.Evaluation.Questions;

/// <summary>How often something was right.</summary>
/// <param name="Right">Right ones.</param>
/// <param name="Count">All.</param>
public readonly record struct Accuracy(int Right, int Count)
{
    // The 97.5 % quantile of the normal distribution.
    private const double Quantile = 1.959963984540054;

    /// <summary>Share of right ones; 0 when there are none at all.</summary>
    public double Share => Count == 0 ? 0 : (double)Right / Count;

    /// <summary>Lower end of the 95 % confidence interval (Wilson score, JASA 22, 1927).</summary>
    public double Low => Math.Max(0, Center - HalfWidth);

    /// <summary>Upper end of the 95 % confidence interval.</summary>
    public double High => Math.Min(1, Center + HalfWidth);

    private double Weight => Quantile * Quantile / Math.Max(1, Count);

    private double Center => (Share + (Weight / 2)) / (1 + Weight);

    private double HalfWidth =>
        Quantile / (1 + Weight) * Math.Sqrt(((Share * (1 - Share)) + (Weight / 4)) / Math.Max(1, Count));
}
