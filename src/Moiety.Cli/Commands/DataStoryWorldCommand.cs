using System.CommandLine;
using System.Diagnostics;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Data;
using Moiety.Models;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety data story-world</c>: the corpus of the story world.</summary>
internal static class DataStoryWorldCommand
{
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "The file: .jsonl holds the texts and the truth behind them, .txt the texts alone",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string?> Size = new("--size") { Description = "Bytes of text to reach, e.g. 50MB", HelpName = "SIZE" };
    private static readonly Option<long?> Documents = new("--documents") { Description = "Documents to write, instead of a size", HelpName = "N" };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "The same seed gives the same bytes on every machine", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> Kinds = new("--kinds")
    {
        Description = $"Weights of the kinds of documents; those not named are left out [default: {string.Join(',', StoryWorldKind.All.Select(kind => $"{kind.Name}={kind.DefaultWeight}"))}]",
        HelpName = "KIND=WEIGHT,…",
    };

    private static readonly Option<double> Association = new("--association")
    {
        Description = "How strongly the group of a person decides a trait, from 0 (not at all) to 1 (fully)",
        HelpName = "X",
        DefaultValueFactory = _ => 0,
    };

    private static readonly Option<int> Residents = new("--residents")
    {
        Description = "People of the almanac, six facts each, the same for every seed (kinds almanac and almanac-questions)",
        HelpName = "N",
        DefaultValueFactory = _ => 1000,
    };

    private static readonly Option<int> Threads = new("--threads", "-t") { Description = "Threads that generate; the bytes do not depend on it [default: one per processor]", HelpName = "N" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "story-world",
            "Write the corpus of the story world: a seeded simulation of a small world, told as stories, questions, dialogues, lists, instructions, "
            + "in two registers and in toy languages. Kinds: "
            + string.Join("; ", StoryWorldKind.All.Select(kind => $"{kind.Name} ({kind.Description.TrimEnd('.')})")) + ".",
            new Example("50 MB for training", "moiety data story-world --size 50MB --seed 1 --out corpus.jsonl"),
            new Example("1000 documents of another seed to measure with", "moiety data story-world --documents 1000 --seed 2 --out held-out.jsonl"),
            new Example("facts of 2000 people, to measure how many a model keeps", "moiety data story-world --size 5MB --kinds almanac=3,almanac-questions=1 --residents 2000 --out facts.jsonl"),
            new Example("stories and questions only, as plain text", "moiety data story-world --size 5MB --kinds story=3,qa=1 --out stories.txt"))
        {
            Out,
            Size,
            Documents,
            Seed,
            Kinds,
            Association,
            Residents,
            Threads,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string path = parsed.GetRequiredValue(Out);
        int threads = parsed.GetValue(Threads);
        if (threads is < 0 or > 1024)
        {
            throw new InvalidInputException($"--threads must be from 1 to 1024, not {threads}.");
        }

        long? size = parsed.GetValue(Size) is { } text ? StoryWorldOptions.ParseSize(text) : null;
        StoryWorldOptions options = new()
        {
            Seed = parsed.GetValue(Seed),
            SizeInBytes = size,
            Documents = parsed.GetValue(Documents),
            Format = FormatOf(path),
            Kinds = parsed.GetValue(Kinds) is { } kinds ? StoryWorldOptions.ParseKinds(kinds) : null,
            Association = parsed.GetValue(Association),
            Residents = parsed.GetValue(Residents),
            Threads = threads > 0 ? threads : Environment.ProcessorCount,
        };
        StoryWorldGenerator generator = new(options);
        long start = Stopwatch.GetTimestamp();
        StoryWorldProgress written;
        using (ProgressLine<StoryWorldProgress> progress = new(terminal, state => Describe(state, options)))
        {
            written = generator.Write(path, progress, terminal.Stop);
        }

        terminal.Out.WriteLine($"{path}: {written.Documents:#,0} documents, {Format.Bytes(written.TextBytes)} of text in {Format.Time(Stopwatch.GetElapsedTime(start))}");
    }

    private static StoryWorldFormat FormatOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jsonl" => StoryWorldFormat.JsonLines,
        ".txt" => StoryWorldFormat.Text,
        _ => throw new InvalidInputException($"{path}: the corpus is written as .jsonl (texts and truth) or .txt (texts alone); name the file accordingly."),
    };

    private static string Describe(StoryWorldProgress state, StoryWorldOptions options)
    {
        double done = options.SizeInBytes is { } size ? (double)state.TextBytes / size : (double)state.Documents / options.Documents!.Value;
        return $"{state.Documents:#,0} documents, {Format.Bytes(state.TextBytes)} ({Format.Percent(Math.Min(1, done))})";
    }
}
