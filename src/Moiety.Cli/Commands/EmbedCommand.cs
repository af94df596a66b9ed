using System.CommandLine;
using System.Globalization;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Decoding.Encoders;
using Moiety.Models.Checkpoints;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety embed</c>: texts to vectors, and how alike they are.</summary>
internal static class EmbedCommand
{
    private const int ShownElements = 6;
    private const int LargestTable = 20;

    private static readonly EncoderOptions Encoder = new();
    private static readonly Argument<string[]> Texts = new("text") { Description = "Texts", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<EmbeddingPooling?> Pooling = new("--pooling") { Description = "How the states of a text's tokens become one vector: mean, first, last, or none for one vector per token [default: as the model says, or mean]", HelpName = "KIND" };
    private static readonly Option<bool> Raw = new("--no-normalize") { Description = "Leave vectors as long as they come" };
    private static readonly Option<int?> MaxTokens = new("--max-tokens") { Description = "Cut texts off after N tokens [default: as the model says]", HelpName = "N" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per text, with the whole vector" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "embed",
            "Turn texts into vectors with an encoder (BERT, RoBERTa, MPNet, DeBERTa, …), and show how alike the texts are.",
            new Example("how alike three texts are", "moiety embed all-MiniLM-L6-v2 \"a cat sat\" \"the cat is sitting\" \"stocks fell\""),
            new Example("the vectors of a file's lines, as JSON", "moiety embed all-MiniLM-L6-v2 -f lines.txt --json"));
        Encoder.AddTo(verb);
        verb.Add(Texts);
        verb.Add(Pooling);
        verb.Add(Raw);
        verb.Add(MaxTokens);
        verb.Add(AsJson);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string[] texts = parsed.GetValue(Texts) ?? [];
        texts = Encoder.ReadLines(parsed, terminal, texts.Length > 0) ?? texts;
        using OpenedModel opened = Encoder.Open(parsed);
        EmbeddingModel model = new(opened.Checkpoint, opened.Engine, new EmbeddingOptions
        {
            Pooling = parsed.GetValue(Pooling),
            Normalize = parsed.GetValue(Raw) ? false : null,
            MaxTokens = parsed.GetValue(MaxTokens),
        });
        if (model.Pooling == EmbeddingPooling.None)
        {
            WriteTokens(model, texts, parsed.GetValue(AsJson), terminal);
            return;
        }

        float[][] vectors = model.Embed(texts, terminal.Stop);
        if (parsed.GetValue(AsJson))
        {
            for (int index = 0; index < texts.Length; index++)
            {
                Json.Write(terminal.Out, new { index, text = texts[index], embedding = vectors[index] });
            }

            return;
        }

        WriteVectors(texts, vectors, terminal);
        if (texts.Length is > 1 and <= LargestTable)
        {
            WriteSimilarities(vectors, terminal);
        }
    }

    private static void WriteTokens(EmbeddingModel model, string[] texts, bool asJson, Terminal terminal)
    {
        for (int index = 0; index < texts.Length; index++)
        {
            float[][] vectors = model.EmbedTokens(texts[index], terminal.Stop);
            if (asJson)
            {
                Json.Write(terminal.Out, new { index, text = texts[index], embeddings = vectors });
            }
            else
            {
                WriteVectors([.. Enumerable.Range(0, vectors.Length).Select(token => $"token {token}")], vectors, terminal);
            }
        }
    }

    private static void WriteVectors(string[] names, float[][] vectors, Terminal terminal)
    {
        Table table = Tables.Create(terminal, "#", "text", $"vector ({vectors[0].Length} elements)");
        for (int index = 0; index < names.Length; index++)
        {
            string rest = vectors[index].Length > ShownElements ? " …" : "";
            Tables.AddRow(table, $"{index + 1}", names[index], string.Join(' ', vectors[index].Take(ShownElements).Select(Number)) + rest);
        }

        terminal.Results.Write(table);
    }

    private static void WriteSimilarities(float[][] vectors, Terminal terminal)
    {
        terminal.Out.WriteLine("similarity (cosine)");
        Table table = Tables.Create(terminal, "#");
        Tables.AddColumns(table, [.. Enumerable.Range(1, vectors.Length).Select(number => $"#{number}")]);
        for (int row = 0; row < vectors.Length; row++)
        {
            Tables.AddRow(table, [$"{row + 1}", .. vectors.Select(other => Number(EmbeddingModel.Similarity(vectors[row], other)))]);
        }

        terminal.Results.Write(table);
    }

    private static string Number(float value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
