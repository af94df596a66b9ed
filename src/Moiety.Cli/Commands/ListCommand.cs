using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Models.Hub;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety list</c>: the models in the cache.</summary>
internal static class ListCommand
{
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per model" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new("list", "List the models that were pulled from the hub, by this or another tool.", new Example("what there is", "moiety list"))
        {
            AsJson,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(AsJson), terminal));
        return verb;
    }

    private static void Run(bool json, Terminal terminal)
    {
        HubCache cache = new(HubOptions.FromEnvironment().CacheFolder);
        ImmutableArray<HubCachedModel> models = cache.List();
        if (json)
        {
            foreach (HubCachedModel model in models)
            {
                Json.Write(terminal.Out, model);
            }

            return;
        }

        if (models.IsEmpty)
        {
            terminal.Error.WriteLine($"there is no model in {cache.Folder}; moiety pull owner/name brings one");
            return;
        }

        Table table = Tables.Create(terminal, "model", "#size", "#revisions", "downloaded", "");
        foreach (HubCachedModel model in models)
        {
            Tables.AddRow(table, model.Id, Format.Bytes(model.Bytes), $"{model.Revisions}", model.Changed.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), model.IsIncomplete ? "incomplete: pull it again" : "");
        }

        terminal.Results.Write(table);
        terminal.Out.WriteLine($"{Format.Bytes(models.Sum(model => model.Bytes))} in {cache.Folder}");
    }
}
