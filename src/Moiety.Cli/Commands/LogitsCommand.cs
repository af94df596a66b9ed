using System.CommandLine;
using System.Numerics.Tensors;
using System.Text.Json;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Evaluation.Scoring;
using Moiety.Models;
using Moiety.Models.Tokenizers;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety logits</c>: what the model thinks of each next token; the window for parity checks.</summary>
internal static class LogitsCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly PromptOptions Prompt = new("The text; - reads standard input", "text");
    private static readonly Option<string?> Ids = new("--ids") { Description = "Token ids instead of a text, with commas between", HelpName = "1,2,3" };
    private static readonly Option<int?> Top = new("--top-k") { Description = "Show the N likeliest next tokens [default: 5, or all logits with --json]", HelpName = "N" };
    private static readonly Option<bool> Last = new("--last") { Description = "Only after the last token" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per position" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "logits",
            "Show the scores of the next token after each token of a text.",
            new Example("the five likeliest tokens after each", "moiety logits \"Mia has a red\""),
            new Example("all logits after the last of three tokens, for a parity check", "moiety logits -m model.gguf --ids 1,15,3 --last --json"));
        Prompt.AddTo(verb);
        Model.AddTo(verb);
        verb.Add(Ids);
        verb.Add(Top);
        verb.Add(Last);
        verb.Add(AsJson);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string? ids = parsed.GetValue(Ids);
        string text = Prompt.Read(parsed, terminal);
        if (ids is not null == (text.Length > 0))
        {
            throw new InvalidInputException("give either a text or --ids.");
        }

        int? top = parsed.GetValue(Top);
        if (top is < 1)
        {
            throw new InvalidInputException($"--top-k must be at least 1, not {top}.");
        }

        using OpenedModel model = Model.Open(parsed);
        int[] tokens = ids is null ? model.Tokenizer.Encode(text) : TokenIds.Parse(ids, model.Engine.Config.VocabularySize);
        int first = parsed.GetValue(Last) ? tokens.Length - 1 : 0;
        Tokenizer? tokenizer = model.Checkpoint.Tokenizer;
        if (parsed.GetValue(AsJson))
        {
            LogitsReader.Read(model.Engine, tokens, first, (position, logits) => WriteJson(terminal.Out, position, tokens[position], logits, top, tokenizer), terminal.Stop);
            return;
        }

        Table table = Tables.Create(terminal, "#position", "#id", "token", "likeliest next tokens");
        LogitsReader.Read(model.Engine, tokens, first, (position, logits) => Tables.AddRow(
            table, $"{position}", $"{tokens[position]}", Piece(tokenizer, tokens[position]), Describe(logits, top ?? 5, tokenizer)), terminal.Stop);
        terminal.Results.Write(table);
    }

    private static void WriteJson(TextWriter output, int position, int id, ReadOnlySpan<float> logits, int? top, Tokenizer? tokenizer)
    {
        if (top is { } count)
        {
            double logTotal = LogTotal(logits);
            float[] copy = logits.ToArray();
            Json.Write(output, new
            {
                position,
                id,
                Top = Likeliest(copy, count).Select(token => new
                {
                    id = token,
                    piece = tokenizer?.GetPiece(token),
                    logit = copy[token],
                    log_probability = copy[token] - logTotal,
                }),
            });
            return;
        }

        using MemoryStream line = new();
        using (Utf8JsonWriter writer = new(line))
        {
            writer.WriteStartObject();
            writer.WriteNumber("position", position);
            writer.WriteNumber("id", id);
            writer.WriteStartArray("logits");
            foreach (float logit in logits)
            {
                // JSON has no NaN: a damaged model shows as null.
                if (float.IsFinite(logit))
                {
                    writer.WriteNumberValue(logit);
                }
                else
                {
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.WriteLine(global::System.Text.Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
    }

    private static string Describe(ReadOnlySpan<float> logits, int count, Tokenizer? tokenizer)
    {
        double logTotal = LogTotal(logits);
        float[] copy = logits.ToArray();
        return string.Join("  ", Likeliest(copy, count).Select(id => $"{Piece(tokenizer, id)} {Format.Percent(Math.Exp(copy[id] - logTotal))}"));
    }

    private static IEnumerable<int> Likeliest(float[] logits, int count) =>
        Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(count);

    private static double LogTotal(ReadOnlySpan<float> logits)
    {
        double maximum = TensorPrimitives.Max(logits);
        double total = 0;
        foreach (float logit in logits)
        {
            total += Math.Exp(logit - maximum);
        }

        return maximum + Math.Log(total);
    }

    private static string Piece(Tokenizer? tokenizer, int id) => tokenizer is null ? $"#{id}" : tokenizer.GetPiece(id);
}
