namespace Moiety.Numerics.Products;

/// <summary>How products with quantized weights read activations.</summary>
public enum ActivationPrecision
{
    /// <summary>Rounded to 8 bits in blocks of 32, so that products are sums of integers: fast.</summary>
    Rounded,

    /// <summary>
    /// In single precision, against decoded weights: several times slower, and what the weights say to the last digits. For
    /// comparisons.
    /// </summary>
    Single,
}
