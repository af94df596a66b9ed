namespace Moiety.Cli.Displays.Training;

/// <summary>How a router spreads tokens: one character per expert, the middle height being an even share.</summary>
internal static class ExpertBars
{
    private const string Levels = " ▁▂▃▄▅▆▇█";

    /// <summary>Draws shares that sum to 1.</summary>
    public static string Of(IReadOnlyList<double> shares) => string.Concat(shares.Select(share =>
    {
        // Twice the even share, or more, fills the character.
        double height = share * shares.Count / 2;
        return Levels[(int)Math.Round(Math.Clamp(height, 0, 1) * (Levels.Length - 1))];
    }));
}
