namespace Moiety.Cli.Displays;

/// <summary>How numbers are shown to people.</summary>
internal static class Format
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A size with a binary unit: <c>15.9 MiB</c>.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        while (Math.Abs(bytes) >= 1024 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes:0} B" : $"{bytes:0.0} {Units[unit]}";
    }

    /// <summary>A count with a short name: <c>12.3 M</c>.</summary>
    public static string Count(double count) => count switch
    {
        >= 1e9 => $"{count / 1e9:0.00} B",
        >= 1e6 => $"{count / 1e6:0.0} M",
        >= 1e4 => $"{count / 1e3:0.0} K",
        _ => $"{count:#,0}",
    };

    /// <summary>A rate: <c>1,234</c> or <c>12.3</c>.</summary>
    public static string Rate(double rate) => rate >= 100 ? $"{rate:#,0}" : $"{rate:0.0}";

    /// <summary>A time as a clock shows it: <c>1:02:03</c>, <c>2:03</c>, or <c>3.4 s</c>.</summary>
    public static string Time(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0.1 } => $"{time.TotalMilliseconds:0.0} ms",
        { TotalMinutes: < 1 } => $"{time.TotalSeconds:0.0} s",
        { TotalHours: < 1 } => $"{time.Minutes}:{time.Seconds:00}",
        _ => $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}",
    };

    /// <summary>A share: <c>61.2 %</c>.</summary>
    public static string Percent(double share) => $"{share * 100:0.0} %";
}
