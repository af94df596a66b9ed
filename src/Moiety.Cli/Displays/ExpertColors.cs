namespace Moiety.Cli.Displays;

/// <summary>A color for each expert of a layer: hues an even distance apart.</summary>
internal static class ExpertColors
{
    private const int Darkest = 30;
    private const int Brightest = 184;

    /// <summary>Red, green and blue, dark enough for white text.</summary>
    public static (byte Red, byte Green, byte Blue) Of(int expert, int experts)
    {
        double hue = 6.0 * expert / experts;
        double middle = 1 - Math.Abs((hue % 2) - 1);
        (double red, double green, double blue) = (int)hue switch
        {
            0 => (1.0, middle, 0.0),
            1 => (middle, 1.0, 0.0),
            2 => (0.0, 1.0, middle),
            3 => (0.0, middle, 1.0),
            4 => (middle, 0.0, 1.0),
            _ => (1.0, 0.0, middle),
        };
        return (Scale(red), Scale(green), Scale(blue));
    }

    private static byte Scale(double value) => (byte)Math.Round(Darkest + ((Brightest - Darkest) * value));
}
