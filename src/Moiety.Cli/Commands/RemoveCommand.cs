using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Models;
using Moiety.Models.Hub;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety remove</c>: takes models out of the cache.</summary>
internal static class RemoveCommand
{
    private static readonly Argument<string[]> Names = new("model") { Description = "owner/name", Arity = ArgumentArity.OneOrMore };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "remove",
            "Remove models from the cache, with all their revisions. Other tools that use the cache lose them too.",
            new Example("one model", "moiety remove HuggingFaceTB/SmolLM2-135M-Instruct"))
        {
            Names,
        };
        verb.SetAction(parsed => Run([.. parsed.GetRequiredValue(Names).Select(HubReference.Parse)], terminal));
        return verb;
    }

    private static void Run(HubReference[] references, Terminal terminal)
    {
        HubCache cache = new(HubOptions.FromEnvironment().CacheFolder);
        foreach (HubReference reference in references)
        {
            long bytes = cache.Remove(reference) ?? throw new InvalidInputException($"{reference.Id} is not in {cache.Folder}; moiety list shows what is.");
            terminal.Out.WriteLine($"{reference.Id}: removed, {Format.Bytes(bytes)} freed");
        }
    }
}
