using System.Globalization;
using Moiety.Models;

namespace Moiety.Planning.Clusters;

/// <summary>Numbers with units, as people write them: <c>80GB</c>, <c>200Gb/s</c>, <c>312T</c>, <c>5us</c>, <c>80%</c>.</summary>
public static class Quantity
{
    private static readonly (string Prefix, double Factor)[] Prefixes =
    [
        ("Ki", 1024.0), ("Mi", 1048576.0), ("Gi", 1073741824.0), ("Ti", 1099511627776.0),
        ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("B", 1e9), ("T", 1e12), ("P", 1e15),
    ];

    /// <summary>A count: <c>128</c>, <c>300B</c>, <c>1.5T</c>, <c>512k</c>.</summary>
    /// <param name="field">What it is, for the error.</param>
    /// <param name="text">What the user wrote.</param>
    /// <exception cref="InvalidInputException">It is no such number.</exception>
    public static double Count(string field, string text) => Scaled(field, text, text.Trim(), "a count such as 128, 512k or 300B");

    /// <summary>Bytes, of which B is the unit and b a bit: <c>80GB</c>, <c>64GiB</c>, <c>80e9</c>.</summary>
    /// <inheritdoc cref="Count"/>
    public static double Bytes(string field, string text)
    {
        string number = text.Trim();
        double unit = number.EndsWith('b') ? 1.0 / 8 : 1;
        number = number.EndsWith('b') || number.EndsWith('B') ? number[..^1] : number;
        return unit * Scaled(field, text, number, "a size such as 80GB or 64GiB");
    }

    /// <summary>Bytes per second: <c>2TB/s</c>, <c>200Gb/s</c>.</summary>
    /// <inheritdoc cref="Count"/>
    public static double BytesPerSecond(string field, string text)
    {
        string number = text.Trim();
        return Bytes(field, number.EndsWith("/s", StringComparison.Ordinal) ? number[..^2] : number);
    }

    /// <summary>Operations per second: <c>312T</c>, <c>312TFLOPS</c>, <c>312e12</c>.</summary>
    /// <inheritdoc cref="Count"/>
    public static double Flops(string field, string text)
    {
        string number = text.Trim();
        foreach (string unit in (ReadOnlySpan<string>)["FLOP/s", "FLOPS"])
        {
            number = number.EndsWith(unit, StringComparison.OrdinalIgnoreCase) ? number[..^unit.Length] : number;
        }

        return Scaled(field, text, number, "operations per second such as 312T");
    }

    /// <summary>Seconds: <c>5us</c>, <c>0.2ms</c>, <c>5e-6</c>.</summary>
    /// <inheritdoc cref="Count"/>
    public static double Seconds(string field, string text)
    {
        string number = text.Trim();
        foreach ((string unit, double factor) in (ReadOnlySpan<(string, double)>)[("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("s", 1)])
        {
            if (number.EndsWith(unit, StringComparison.Ordinal))
            {
                return factor * Number(field, text, number[..^unit.Length], "a time such as 5us or 0.2ms");
            }
        }

        return Number(field, text, number, "a time such as 5us or 0.2ms");
    }

    /// <summary>A share: <c>0.8</c> or <c>80%</c>.</summary>
    /// <inheritdoc cref="Count"/>
    public static double Share(string field, string text)
    {
        string number = text.Trim();
        return number.EndsWith('%')
            ? Number(field, text, number[..^1], "a share such as 0.8 or 80%") / 100
            : Number(field, text, number, "a share such as 0.8 or 80%");
    }

    /// <summary>A whole number from 1 on.</summary>
    /// <inheritdoc cref="Count"/>
    public static int Whole(string field, string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw Bad(field, text, "a whole number from 1 on");

    private static double Scaled(string field, string text, string number, string wanted)
    {
        foreach ((string prefix, double factor) in Prefixes)
        {
            if (number.EndsWith(prefix, StringComparison.Ordinal))
            {
                return factor * Number(field, text, number[..^prefix.Length], wanted);
            }
        }

        return Number(field, text, number, wanted);
    }

    private static double Number(string field, string text, string number, string wanted) =>
        double.TryParse(number.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw Bad(field, text, wanted);

    private static InvalidInputException Bad(string field, string text, string wanted) => new($"{field}: \"{text}\" is not {wanted}.");
}
