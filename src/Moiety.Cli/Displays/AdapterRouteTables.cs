using Moiety.Cli.Shell;
using Moiety.Evaluation.Routing;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>The routes of an adapter, as tables or as JSON.</summary>
internal static class AdapterRouteTables
{
    /// <summary>Writes them.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<AdapterRoutes> routers, bool json)
    {
        if (json)
        {
            foreach (AdapterRoutes router in routers)
            {
                Json.Write(terminal.Out, new { router.Module, Experts = router.Choices.Length, router.Choices, router.Loads, router.Imbalance, router.Dead, router.Specializations });
            }

            return;
        }

        Table loads = Tables.Create(terminal, "router of", "#experts", "#max / mean", "#dead");
        Table bits = Tables.Create(terminal, "router of", "expert and", "#values", "#bits", "#by chance", "#above chance");
        foreach (AdapterRoutes router in routers)
        {
            Tables.AddRow(loads, router.Module, $"{router.Choices.Length}", $"{router.Imbalance:0.00}", $"{router.Dead}");
            foreach (Specialization one in router.Specializations)
            {
                Tables.AddRow(bits, router.Module, one.About, $"{one.Labels}", $"{one.MutualInformation:0.0000}", $"{one.Baseline:0.0000}", $"{one.Bits:0.0000}");
            }
        }

        terminal.Results.Write(loads);
        terminal.Out.WriteLine();
        terminal.Results.Write(bits);
    }
}
