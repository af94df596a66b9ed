namespace Moiety.Experiments.Statistics;

/// <summary>
/// Student's t distribution with a whole number of degrees of freedom, for which its integral is a finite sum of powers of a cosine
/// (Abramowitz and Stegun, 26.7.3 and 26.7.4).
/// </summary>
public static class StudentT
{
    private const int Halvings = 100;

    /// <summary>The probability that |T| is at most <paramref name="t"/>.</summary>
    /// <param name="t">The bound, not negative.</param>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double Within(double t, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(t);
        return Within(degrees, Math.Atan(t / Math.Sqrt(degrees)));
    }

    /// <summary>The bound that |T| keeps with a probability: 4.303 for 0.95 and 2 degrees of freedom.</summary>
    /// <param name="probability">The probability, between 0 and 1.</param>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double Bound(double probability, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        if (!(probability > 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "must lie between 0 and 1");
        }

        // The integral grows with the angle, from 0 at no angle to 1 at a right one.
        double low = 0;
        double high = Math.PI / 2;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Within(degrees, middle) < probability ? (middle, high) : (low, middle);
        }

        return Math.Tan((low + high) / 2) * Math.Sqrt(degrees);
    }

    private static double Within(int degrees, double angle)
    {
        (double sine, double cosine) = Math.SinCos(angle);
        bool odd = degrees % 2 == 1;
        double term = odd ? cosine : 1;
        double sum = 0;
        for (int power = odd ? 1 : 0; power <= degrees - 2; power += 2)
        {
            sum += term;
            term *= cosine * cosine * (power + 1) / (power + 2);
        }

        return odd ? (angle + (sine * sum)) * 2 / Math.PI : sine * sum;
    }
}
