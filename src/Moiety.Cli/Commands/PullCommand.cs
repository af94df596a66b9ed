using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Models.Hub;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety pull</c>: a model from the hub.</summary>
internal static class PullCommand
{
    private static readonly Argument<string> Name = new("model") { Description = "owner/name, owner/name:quantization for one of its GGUF files, owner/name@revision" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "pull",
            "Download a model from the Hugging Face Hub into the cache that all its tools share. What is there already is not downloaded again; a "
            + "download that was cut goes on where it ended. HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE are honored. Prints what to open.",
            new Example("a model in safetensors", "moiety pull HuggingFaceTB/SmolLM2-135M-Instruct"),
            new Example("one GGUF file", "moiety pull ggml-org/gemma-3-1b-it-GGUF:Q4_K_M"))
        {
            Name,
        };
        verb.SetAction(parsed => terminal.Out.WriteLine(Pull(HubReference.Parse(parsed.GetRequiredValue(Name)), terminal)));
        return verb;
    }

    /// <summary>Pulls a model and shows how it goes.</summary>
    /// <returns>What to open.</returns>
    public static string Pull(HubReference reference, Terminal terminal)
    {
        using HubClient hub = new(HubOptions.FromEnvironment());
        using ProgressLine<HubProgress> progress = new(terminal, HubProgressLine.Describe);
        return hub.PullAsync(reference, progress, terminal.Stop).GetAwaiter().GetResult();
    }
}
