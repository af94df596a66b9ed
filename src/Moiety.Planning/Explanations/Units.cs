namespace Moiety.Planning.Explanations;

/// <summary>How a plan shows quantities: decimal units, as data sheets of hardware do.</summary>
public static class Units
{
    private static readonly (double Factor, string Prefix)[] Prefixes = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, "")];

    /// <summary>A size: <c>15.9 GB</c>.</summary>
    public static string Bytes(double bytes) => Scaled(bytes, "B");

    /// <summary>Operations: <c>4.2 TFLOP</c>.</summary>
    public static string Flops(double flops) => Scaled(flops, "FLOP");

    /// <summary>A count: <c>52.4 B</c> is 52.4 billion.</summary>
    public static string Count(double count) => count switch
    {
        >= 1e12 => $"{count / 1e12:0.###} T",
        >= 1e9 => $"{count / 1e9:0.##} B",
        >= 1e6 => $"{count / 1e6:0.#} M",
        _ => $"{count:#,0.##}",
    };

    /// <summary>A time: <c>12.3 ms</c>, <c>45 µs</c>, <c>3.2 days</c>.</summary>
    public static string Time(double seconds) => seconds switch
    {
        0 => "0",
        < 1e-3 => $"{seconds * 1e6:0.#} µs",
        < 1 => $"{seconds * 1e3:0.00} ms",
        < 120 => $"{seconds:0.0} s",
        < 7200 => $"{seconds / 60:0.0} minutes",
        < 172800 => $"{seconds / 3600:0.0} hours",
        _ => $"{seconds / 86400:#,0.0} days",
    };

    /// <summary>A rate: <c>1,234</c> or <c>12.3</c>.</summary>
    public static string Rate(double rate) => rate >= 100 ? $"{rate:#,0}" : $"{rate:0.0}";

    /// <summary>A price: <c>0.0123</c> or <c>1,234</c>.</summary>
    public static string Price(double price) => price switch
    {
        >= 100 => $"{price:#,0}",
        >= 1 => $"{price:0.00}",
        _ => $"{price:0.####}",
    };

    private static string Scaled(double value, string unit)
    {
        foreach ((double factor, string prefix) in Prefixes)
        {
            if (value >= factor)
            {
                return $"{value / factor:0.0} {prefix}{unit}";
            }
        }

        return $"{value:0.##} {unit}";
    }
}
