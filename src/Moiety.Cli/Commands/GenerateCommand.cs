using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Decoding;
using Moiety.Models;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety generate</c>: goes on from a prompt.</summary>
internal static class GenerateCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly PromptOptions Prompt = new();
    private static readonly SamplingOptions Sampling = new();
    private static readonly Option<int> Samples = new("--samples", "-n")
    {
        Description = "Texts to generate, side by side in one batch; sample i is the same whatever N is",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<bool> NoPrompt = new("--no-prompt") { Description = "Print only what comes after the prompt" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per text, when it is complete" };
    private static readonly Option<bool> Stats = new("--stats") { Description = "Show token counts, speed and seed on standard error" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "generate",
            "Generate text that goes on from a prompt, and show it as it comes.",
            new Example("a story", "moiety generate \"Once upon a time\""),
            new Example("the same text every time, and how fast it came", "moiety generate \"Mia went to the\" --seed 7 --stats"),
            new Example("the likeliest text, up to the first empty line", "moiety generate --greedy --stop $'\\n\\n' -f prompt.txt"),
            new Example("four varied samples of another model, as JSON lines", "moiety generate -m model.gguf \"The weather\" -n 4 --temperature 1.2 --json"));
        Prompt.AddTo(verb);
        Model.AddTo(verb);
        Sampling.AddTo(verb);
        verb.Add(Samples);
        verb.Add(NoPrompt);
        verb.Add(AsJson);
        verb.Add(Stats);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        SamplingSettings settings = Sampling.Read(parsed);
        int samples = parsed.GetValue(Samples);
        if (samples is < 1 or > 4096)
        {
            throw new InvalidInputException($"--samples must be from 1 to 4096, not {samples}.");
        }

        string prompt = Prompt.Read(parsed, terminal);
        using OpenedModel model = Model.Open(parsed);
        SamplingChoice choice = settings.ToChoice(model.Tokenizer);
        TextGenerator generator = new(model.Engine, model.Tokenizer);
        GenerationRequest[] requests = [.. Enumerable.Range(0, samples).Select(stream => new GenerationRequest(prompt, stream))];
        bool json = parsed.GetValue(AsJson);
        bool streams = samples == 1 && !json;
        string shownPrompt = parsed.GetValue(NoPrompt) ? "" : prompt;
        if (streams)
        {
            terminal.Out.Write(shownPrompt);
        }

        IReadOnlyList<GenerationResult> results;
        try
        {
            results = generator.Generate(requests, choice.Options, streams ? (_, text) => terminal.Out.Write(text) : null, terminal.Stop);
        }
        finally
        {
            if (streams)
            {
                terminal.Out.WriteLine();
            }
        }

        for (int sample = 0; sample < samples; sample++)
        {
            if (json)
            {
                WriteJson(terminal, prompt, sample, choice.Seed, results[sample]);
            }
            else if (!streams)
            {
                terminal.Out.WriteLine($"--- sample {sample} ---");
                terminal.Out.WriteLine(shownPrompt + results[sample].Text);
            }
        }

        if (parsed.GetValue(Stats))
        {
            GenerationStatistics.Write(terminal, results, choice.Seed);
        }
    }

    private static void WriteJson(Terminal terminal, string prompt, int sample, ulong? seed, GenerationResult result) => Json.Write(terminal.Out, new
    {
        sample,
        prompt,
        result.Text,
        result.FinishReason,
        result.StopString,
        PromptTokens = result.PromptTokenCount,
        GeneratedTokens = result.Tokens.Length,
        result.Tokens,
        seed,
        PromptSeconds = result.PromptTime.TotalSeconds,
        DecodeSeconds = result.DecodeTime.TotalSeconds,
    });
}
