using Moiety.Cli.Shell;
using Moiety.Planning.Explanations;
using Moiety.Planning.Published;
using Spectre.Console;

namespace Moiety.Cli.Displays.Plans;

/// <summary>What the paper publishes beside what is predicted: <c>moiety plan --paper</c>.</summary>
internal static class PaperTable
{
    /// <summary>Writes sizes, then figures.</summary>
    public static void Write(Terminal terminal)
    {
        Table sizes = Tables.Create(terminal, "model", "name", "#layers", "#published", "#counted", "#deviation", "#with embedding", "");
        foreach (SizeComparison row in SizeComparison.All)
        {
            Tables.AddRow(sizes, row.Model.Label, row.Model.Name, $"{row.Layers}", $"{row.Model.PublishedBillions:0.##} B", $"{row.Counted / 1e9:0.###} B", $"{row.Deviation:+0.0 %;-0.0 %;0.0 %}", Units.Count(row.Parameters), Remark(row));
        }

        terminal.Results.Write(sizes);
        terminal.Out.WriteLine();
        foreach (PaperClaim claim in PaperClaims.Evaluate())
        {
            terminal.Out.WriteLine(claim.Subject);
            terminal.Out.WriteLine($"  published  {claim.Published}");
            terminal.Out.WriteLine($"  predicted  {claim.Predicted}{(claim.Holds ? "" : " (the trend does not come out)")}");
            if (claim.Remark.Length > 0)
            {
                terminal.Out.WriteLine($"  note       {claim.Remark}");
            }
        }
    }

    /// <summary>Writes the same as one JSON object.</summary>
    public static void WriteJson(Terminal terminal) => Json.Write(terminal.Out, new
    {
        Sizes = SizeComparison.All.Select(row => new
        {
            row.Model.Label,
            row.Model.Name,
            row.Layers,
            row.IsPublishedDepth,
            row.Model.PublishedBillions,
            row.Model.CountsEmbedding,
            row.Parameters,
            row.WithoutEmbedding,
            row.Deviation,
            row.Fits,
        }),
        Claims = PaperClaims.Evaluate(),
    });

    // The two rows with both depths.
    private static string Remark(SizeComparison row) => row.Model.PublishedLayers is null
        ? ""
        : row.Fits ? "this depth fits" : "the depth that the table prints does not fit";
}
