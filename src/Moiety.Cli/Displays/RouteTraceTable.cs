using System.Collections.Immutable;
using System.Globalization;
using Moiety.Cli.Shell;
using Moiety.Evaluation.Routing;
using Moiety.Models.Configuration;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>The way of each token as a table: a row per token, a column per layer, experts in their colors.</summary>
internal static class RouteTraceTable
{
    /// <summary>Writes the table.</summary>
    public static void Write(Terminal terminal, ModelConfig config, ImmutableArray<TokenTrace> traces)
    {
        Table table = Tables.Create(terminal, ["token", .. traces[0].Layers.Select(choice => $"layer {choice.Layer}")]);
        foreach (TokenTrace token in traces)
        {
            List<Text> cells = [new Text(Visible(token.Text)), .. token.Layers.Select(choice => Cell(terminal, choice, config.FeedForwards[choice.Layer].Moe!.ExpertCount))];
            table.AddRow(cells);
        }

        terminal.Out.WriteLine("expert and its probability; experts of one layer have nothing to do with those of another");
        terminal.Out.WriteLine();
        terminal.Results.Write(table);
    }

    private static Text Cell(Terminal terminal, LayerChoice choice, int experts)
    {
        string text = string.Join("  ", choice.Experts.Select((expert, index) => string.Create(CultureInfo.InvariantCulture, $"{expert} {choice.Scores[index]:0.00}")));
        if (!terminal.IsOutputLive || choice.Experts.IsEmpty)
        {
            return new Text(text);
        }

        (byte red, byte green, byte blue) = ExpertColors.Of(choice.Experts[0], experts);
        return new Text($" {text} ", new Style(foreground: Color.White, background: new Color(red, green, blue)));
    }

    private static string Visible(string text) => $"\"{text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)}\"";
}
