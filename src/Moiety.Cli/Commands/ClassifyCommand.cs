using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Decoding.Encoders;
using Moiety.Models;
using Moiety.Models.Configuration;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety classify</c>: texts, or pairs of them, into the classes of a trained encoder.</summary>
internal static class ClassifyCommand
{
    private static readonly EncoderOptions Encoder = new();
    private static readonly Argument<string?> Text = new("text") { Description = "The text", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string?> Pair = new("pair") { Description = "A second text that belongs to it: a passage to a question, a hypothesis to a premise", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<int?> Top = new("--top-k") { Description = "Show the N likeliest classes [default: all]", HelpName = "N" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per text" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "classify",
            "Sort a text, or two that belong together, into the classes of a trained encoder. In a file, a tab stands between the two.",
            new Example("the mood of a text", "moiety classify distilroberta-emotion \"What a day!\""),
            new Example("how well a passage answers a question", "moiety classify bge-reranker-base \"who wrote it?\" \"It was written by Ada.\""));
        Encoder.AddTo(verb);
        verb.Add(Text);
        verb.Add(Pair);
        verb.Add(Top);
        verb.Add(AsJson);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string? text = parsed.GetValue(Text);
        int? top = parsed.GetValue(Top);
        if (top is < 1)
        {
            throw new InvalidInputException($"--top-k must be at least 1, not {top}.");
        }

        string[]? lines = Encoder.ReadLines(parsed, terminal, text is not null);

        (string Text, string? Pair)[] texts = lines is null ? [(text!, parsed.GetValue(Pair))] : [.. lines.Select(Split)];
        using OpenedModel model = Encoder.Open(parsed);
        SequenceClassifier classifier = new(model.Checkpoint, model.Engine);
        IReadOnlyList<Classification> results = classifier.Classify(texts, terminal.Stop);
        if (parsed.GetValue(AsJson))
        {
            for (int index = 0; index < results.Count; index++)
            {
                Json.Write(terminal.Out, new
                {
                    index,
                    text = texts[index].Text,
                    pair = texts[index].Pair,
                    labels = results[index].Labels.Take(top ?? int.MaxValue).Select(label => new { label = label.Label, score = label.Score, logit = label.Logit }),
                });
            }

            return;
        }

        bool measures = classifier.Config.Problem == ClassificationProblem.Regression;
        Table table = Tables.Create(terminal, "#", "text", "class", "#score");
        for (int index = 0; index < results.Count; index++)
        {
            bool first = true;
            foreach (LabelScore label in results[index].Labels.Take(top ?? int.MaxValue))
            {
                string shown = texts[index].Pair is { } pair ? $"{texts[index].Text} | {pair}" : texts[index].Text;
                Tables.AddRow(table, first ? $"{index + 1}" : "", first ? shown : "", label.Label, measures ? $"{label.Score:0.0000}" : Format.Percent(label.Score));
                first = false;
            }
        }

        terminal.Results.Write(table);
    }

    private static (string Text, string? Pair) Split(string line) =>
        line.Split('\t') switch
        {
            [var text] => (text, null),
            [var text, var pair] => (text, pair),
            var parts => throw new InvalidInputException($"a line has {parts.Length - 1} tabs; one may stand between a text and the second one: {line}"),
        };
}
