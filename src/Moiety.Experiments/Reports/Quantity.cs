using System.Globalization;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Reports;

/// <summary>Figures as a reader of a table wants them.</summary>
internal static class Quantity
{
    private static readonly string[] Prefixes = ["", " K", " M", " G", " T", " P", " E", " Z", " Y"];

    /// <summary>Three digits and a prefix: 1.23 M.</summary>
    internal static string Of(double value)
    {
        int prefix = 0;
        while (Math.Abs(value) >= 999.5 && prefix < Prefixes.Length - 1)
        {
            value /= 1000;
            prefix++;
        }

        string digits = Math.Abs(value) switch
        {
            < 9.995 when prefix > 0 => "0.00",
            < 99.95 when prefix > 0 => "0.0",
            _ => "0",
        };
        return value.ToString(digits, CultureInfo.InvariantCulture) + Prefixes[prefix];
    }

    /// <summary>Mean and half of the interval's width, where there is one.</summary>
    internal static string Of(Interval interval, string digits) => interval.IsKnown
        ? $"{interval.Mean.ToString(digits, CultureInfo.InvariantCulture)} ± {interval.HalfWidth.ToString(digits, CultureInfo.InvariantCulture)}"
        : interval.Mean.ToString(digits, CultureInfo.InvariantCulture);

    /// <summary>Mean and both ends, for figures whose interval is not symmetric.</summary>
    internal static string Range(Interval interval, string digits, string unit) => interval.IsKnown
        ? $"{interval.Mean.ToString(digits, CultureInfo.InvariantCulture)}{unit} ({interval.Low.ToString(digits, CultureInfo.InvariantCulture)} to {interval.High.ToString(digits, CultureInfo.InvariantCulture)})"
        : interval.Mean.ToString(digits, CultureInfo.InvariantCulture) + unit;
}
