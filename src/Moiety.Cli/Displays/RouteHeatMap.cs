using Moiety.Cli.Shell;
using Moiety.Evaluation.Routing;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>
/// Loads of experts as a map, a row per layer and one for its tokens of each kind, an expert per cell: colored for a person, plain characters through a pipe. An even share
/// is the middle of the scale, twice of it or more the end.
/// </summary>
internal static class RouteHeatMap
{
    private const int NameWidth = 14;
    private const string Levels = ".:-=+*#%@";

    /// <summary>Writes the map.</summary>
    public static void Write(Terminal terminal, RouteStatistics routes)
    {
        terminal.Out.WriteLine(terminal.IsOutputLive
            ? "load of each expert, from dark (none) to bright (twice an even share or more)"
            : $"load of each expert: '{Levels[0]}' none to '{Levels[^1]}' twice an even share or more, '{Levels[Levels.Length / 2]}' an even share");
        foreach ((string name, double[] loads) in routes.Layers.SelectMany(Rows))
        {
            WriteRow(terminal, name, loads);
        }
    }

    /// <summary>The rows of a layer: its load, and that of each kind of token that occurred.</summary>
    internal static IEnumerable<(string Name, double[] Loads)> Rows(LayerRoutes layer)
    {
        yield return ($"layer {layer.Layer}", [.. layer.Loads]);
        for (int kind = 0; kind < (layer.ByTokenKind?.LabelCount ?? 0); kind++)
        {
            Contingency counts = layer.ByTokenKind!;
            double total = Enumerable.Range(0, layer.ExpertCount).Sum(expert => counts[expert, kind]);
            if (total > 0)
            {
                yield return ($"  {NameOf((TokenKind)kind)}", [.. Enumerable.Range(0, layer.ExpertCount).Select(expert => counts[expert, kind] / total)]);
            }
        }
    }

    private static void WriteRow(Terminal terminal, string name, double[] loads)
    {
        terminal.Out.Write(name.PadRight(NameWidth));
        foreach (double load in loads)
        {
            double height = Height(load, loads.Length);
            if (terminal.IsOutputLive)
            {
                terminal.Results.Write(new Text("  ", new Style(background: ColorOf(height))));
            }
            else
            {
                terminal.Out.Write(LevelOf(height));
            }
        }

        terminal.Out.WriteLine();
    }

    private static string NameOf(TokenKind kind) => kind switch
    {
        TokenKind.WordStart => "word start",
        TokenKind.WordPiece => "word piece",
        TokenKind.WhiteSpace => "white space",
        _ => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Where a load lies on the scale: 0 for none, 0.5 for an even share, 1 for twice of it or more.</summary>
    internal static double Height(double load, int experts) => Math.Clamp(load * experts / 2, 0, 1);

    /// <summary>The character of a place on the scale; only a load of nothing has the first one.</summary>
    internal static char LevelOf(double height) => height == 0 ? Levels[0] : Levels[Math.Max(1, (int)Math.Round(height * (Levels.Length - 1)))];

    /// <summary>The color of a place on the scale, from dark blue over red to yellow.</summary>
    internal static Color ColorOf(double height) => height < 0.5
        ? new Color(Mix(24, 200, 2 * height), Mix(24, 60, 2 * height), Mix(72, 80, 2 * height))
        : new Color(Mix(200, 255, (2 * height) - 1), Mix(60, 235, (2 * height) - 1), Mix(80, 120, (2 * height) - 1));

    private static byte Mix(int from, int to, double share) => (byte)Math.Round(from + ((to - from) * share));
}
