using System.Collections.Immutable;
using Moiety.Cli.Shell;
using Moiety.Evaluation.Routing;
using Moiety.Models.Experts;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>Models with fewer experts beside the one that they are made of.</summary>
internal static class ExpertTrials
{
    /// <summary>Writes a table, or an object for each trial.</summary>
    /// <param name="terminal">The streams.</param>
    /// <param name="trials">The measurements; the first is of the model as it is.</param>
    /// <param name="json">Whether to write JSON.</param>
    public static void Write(Terminal terminal, IReadOnlyList<ExpertTrial> trials, bool json)
    {
        if (json)
        {
            foreach (ExpertTrial trial in trials)
            {
                Json.Write(terminal.Out, new
                {
                    trial.Name,
                    trial.Experts,
                    trial.Parameters,
                    trial.ActiveParameters,
                    trial.Bytes,
                    trial.Result.Tokens,
                    trial.Result.Loss,
                    trial.Result.LossStandardError,
                    trial.Result.Perplexity,
                    trial.Result.PerplexityStandardError,
                    trial.TokensPerSecond,
                });
            }

            return;
        }

        Table table = Tables.Create(terminal, "model", "experts", "#parameters", "#bytes", "#loss", "#perplexity", "#against the original", "#tokens/s");
        foreach (ExpertTrial trial in trials)
        {
            Tables.AddRow(
                table, trial.Name, Counts([.. trial.Experts]), Format.Count(trial.Parameters), Format.Bytes(trial.Bytes),
                $"{trial.Result.Loss:0.0000} ± {trial.Result.LossStandardError:0.0000}", $"{trial.Result.Perplexity:0.000}",
                $"{(trial.Result.Perplexity / trials[0].Result.Perplexity) - 1:+0.0 %;-0.0 %;0.0 %}", Format.Rate(trial.TokensPerSecond));
        }

        terminal.Results.Write(table);
    }

    /// <summary>Writes which experts of each layer stay.</summary>
    public static void WriteKept(Terminal terminal, PruningPlan plan, bool json)
    {
        foreach ((int layer, ImmutableArray<int> kept) in plan.Kept)
        {
            if (json)
            {
                Json.Write(terminal.Out, new { Layer = layer, Kept = kept });
            }
            else
            {
                terminal.Out.WriteLine($"layer {layer}: experts {string.Join(", ", kept)} stay");
            }
        }

        if (!json)
        {
            terminal.Out.WriteLine();
        }
    }

    /// <summary>Numbers of experts: one when all layers have the same.</summary>
    public static string Counts(IReadOnlyList<int> experts) => experts.Count == 0 ? "none" : experts.All(count => count == experts[0]) ? $"{experts[0]}" : string.Join(", ", experts);
}
