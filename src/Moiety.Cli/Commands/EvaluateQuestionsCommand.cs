using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Questions;
using Moiety.Models;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety evaluate questions</c>: how often a model answers rightly.</summary>
internal static class EvaluateQuestionsCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Argument<string> Data = new("corpus") { Description = "A .jsonl file written by moiety data story-world" };
    private static readonly Option<int?> Limit = new("--limit") { Description = "Ask only the first N questions", HelpName = "N" };
    private static readonly Option<bool> NoFreeAnswers = new("--choices-only") { Description = "Only compare the choices' probabilities, generate no answers" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per kind of question" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "questions",
            "Put questions with known answers to a model. It answers in two ways: by which choice it finds most probable, and freely (greedy, to "
            + "the end of the line), where only the exact answer counts. Intervals are 95 % (Wilson).",
            new Example("the embedded model", "moiety evaluate questions held-out.jsonl --limit 1000"))
        {
            Data,
            Limit,
            NoFreeAnswers,
            AsJson,
        };
        Model.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        QuestionSet questions = QuestionSet.Open(parsed.GetRequiredValue(Data));
        int? limit = parsed.GetValue(Limit);
        if (limit is < 1)
        {
            throw new InvalidInputException($"--limit must be at least 1, not {limit}.");
        }

        using OpenedModel model = Model.Open(parsed);
        QuestionEvaluator evaluator = new(model.Engine, model.Tokenizer, new QuestionOptions { FreeAnswers = !parsed.GetValue(NoFreeAnswers) });
        IReadOnlyList<QuestionOutcome> outcomes;
        int asked = 0;
        int right = 0;
        using (ProgressLine<(int Asked, int Right)> line = new(terminal, state => $"{state.Asked:#,0} questions, {Format.Percent((double)state.Right / state.Asked)} right among the choices so far"))
        {
            outcomes = evaluator.Evaluate(questions.Read(terminal.Stop).Take(limit ?? int.MaxValue), new Relay(group =>
            {
                asked += group.Count;
                right += group.Count(outcome => outcome.IsChoiceRight);
                line.Report((asked, right));
            }), terminal.Stop);
        }

        if (outcomes.Count == 0)
        {
            throw new InvalidInputException($"{parsed.GetRequiredValue(Data)}: no document asks a question.");
        }

        Write(QuestionReport.From(outcomes), parsed.GetValue(AsJson), terminal);
    }

    private static void Write(IReadOnlyList<QuestionReport> reports, bool json, Terminal terminal)
    {
        if (json)
        {
            foreach (QuestionReport report in reports)
            {
                Json.Write(terminal.Out, report);
            }

            return;
        }

        Table table = Tables.Create(terminal, "kind", "#questions", "#chance", "#choice right", "#95 % interval");
        bool free = reports[0].FreeAnswer is not null;
        if (free)
        {
            Tables.AddColumns(table, "#free answer right", "#95 % interval");
        }

        foreach (QuestionReport report in reports)
        {
            List<string> cells = [report.Kind, $"{report.Choice.Count:#,0}", Format.Percent(report.Chance), .. Cells(report.Choice)];
            if (free)
            {
                cells.AddRange(report.FreeAnswer is { } answer ? Cells(answer) : ["", ""]);
            }

            Tables.AddRow(table, [.. cells]);
        }

        terminal.Results.Write(table);
    }

    private static string[] Cells(Accuracy accuracy) =>
        [Format.Percent(accuracy.Share), $"{Format.Percent(accuracy.Low)} to {Format.Percent(accuracy.High)}"];

    private sealed class Relay(Action<IReadOnlyList<QuestionOutcome>> report) : IProgress<IReadOnlyList<QuestionOutcome>>
    {
        public void Report(IReadOnlyList<QuestionOutcome> value) => report(value);
    }
}
