namespace Moiety.Decoding;

/// <summary>
/// Functions that give the same bits on every machine. The platform's <see cref="Math.Exp"/> calls the C library, whose last bit
/// differs between systems: enough to draw another token from the same seed.
/// </summary>
internal static class PortableMath
{
    private const double Log2E = 1.4426950408889634;

    // ln 2 in two parts, so that k * High is exact for every k that matters.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e^x for x up to 0, within 2 units in the last place; results below 1e-300 are 0.</summary>
    public static double Exp(double x)
    {
        if (x < -690)
        {
            return 0;
        }

        // e^x = 2^k * e^r with |r| <= ln(2)/2, and the Taylor series of e^r to its 13th power (remainder below 1e-17).
        double k = Math.Floor((x * Log2E) + 0.5);
        double r = x - (k * Ln2High) - (k * Ln2Low);
        double series = 1.0 / 6227020800;
        series = (series * r) + (1.0 / 479001600);
        series = (series * r) + (1.0 / 39916800);
        series = (series * r) + (1.0 / 3628800);
        series = (series * r) + (1.0 / 362880);
        series = (series * r) + (1.0 / 40320);
        series = (series * r) + (1.0 / 5040);
        series = (series * r) + (1.0 / 720);
        series = (series * r) + (1.0 / 120);
        series = (series * r) + (1.0 / 24);
        series = (series * r) + (1.0 / 6);
        series = (series * r) + 0.5;
        series = (series * r) + 1;
        series = (series * r) + 1;
        return series * BitConverter.Int64BitsToDouble(((long)k + 1023) << 52);
    }

    /// <summary>e^x for any x, within 4 units in the last place; infinite where that is too large.</summary>
    public static double ExpOfAny(double x) => x > 0 ? 1 / Exp(-x) : Exp(x);

    /// <summary>ln x for a positive normal x, within 1e-15 of its size, or of 1 where it is smaller.</summary>
    public static double Log(double x)
    {
        // x = 2^k * m with m from sqrt(1/2) to sqrt(2), and ln m = 2 artanh((m - 1) / (m + 1)), whose argument is below 0.172.
        long bits = BitConverter.DoubleToInt64Bits(x);
        int k = (int)(bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0xF_FFFF_FFFF_FFFF) | (1023L << 52));
        if (m > 1.4142135623730951)
        {
            m /= 2;
            k++;
        }

        double s = (m - 1) / (m + 1);
        double square = s * s;
        double series = 0;
        for (int power = 23; power >= 1; power -= 2)
        {
            series = (series * square) + (1.0 / power);
        }

        return (k * Ln2High) + ((k * Ln2Low) + (2 * s * series));
    }
}
