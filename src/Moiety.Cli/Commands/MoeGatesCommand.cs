using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Training.Routing;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe gates</c>: the rules by which a layer can send tokens to experts.</summary>
internal static class MoeGatesCommand
{
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per gate" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "gates",
            "List the rules by which a layer can send tokens to experts: what \"gate\" may be in the layers of a training configuration.",
            new Example("which gates there are", "moiety moe gates"))
        {
            AsJson,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(AsJson), terminal));
        return verb;
    }

    private static void Run(bool json, Terminal terminal)
    {
        if (json)
        {
            foreach (GateKind gate in GateRegistry.All)
            {
                Json.Write(terminal.Out, new
                {
                    gate.Name,
                    gate.Rule,
                    gate.Balance,
                    Differentiable = gate.IsLearned,
                    Causal = gate.IsCausal,
                    BalancedByConstruction = gate.IsBalancedByConstruction,
                    Trained = true,
                    Served = gate.IsServed,
                });
            }

            return;
        }

        Table table = Tables.Create(terminal, "\"gate\"", "learned", "causal", "served", "balanced", "rule");
        foreach (GateKind gate in GateRegistry.All)
        {
            Tables.AddRow(table, gate.Name, YesNo(gate.IsLearned), YesNo(gate.IsCausal), YesNo(gate.IsServed), gate.Balance, gate.Rule);
        }

        terminal.Results.Write(table);
        terminal.Out.WriteLine("learned: the router gets a gradient. causal: a token's experts depend on no later token; a gate that is not asks for \"causal\": false.");
        terminal.Out.WriteLine("served: the engine runs the exported model. All gates are trained.");
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}
