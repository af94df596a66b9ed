using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Models;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety perplexity</c>: how well a model predicts a text.</summary>
internal static class PerplexityCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Argument<string> Text = new("corpus")
    {
        Description = "A .txt file (documents separated by lines <|endoftext|>), a .jsonl file, a folder of them, or a pattern",
    };

    private static readonly Option<int?> Window = new("--window")
    {
        Description = "Tokens that the model sees at once [default: its context length]",
        HelpName = "N",
    };

    private static readonly Option<int?> Stride = new("--stride")
    {
        Description = "Tokens that the window moves on; every token is scored once [default: half the window]",
        HelpName = "N",
    };

    private static readonly Option<int?> Limit = new("--documents")
    {
        Description = "Read only the first N documents",
        HelpName = "N",
    };

    private static readonly Option<bool> AsJson = new("--json") { Description = "Print the result as JSON" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "perplexity",
            "Measure how well a model predicts a text: loss in nats per token, perplexity, bits per byte. Each document is read from its start; one "
            + "longer than the window with a sliding window.",
            new Example("the embedded model on held-out stories", "moiety perplexity held-out.jsonl"),
            new Example("another model, its context cut to 512 tokens", "moiety perplexity wiki.test.txt -m model.gguf --window 512 --stride 256"))
        {
            Text,
            Window,
            Stride,
            Limit,
            AsJson,
        };
        Model.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        Corpus corpus = Corpus.Open(parsed.GetRequiredValue(Text));
        int? limit = parsed.GetValue(Limit);
        if (limit is < 1)
        {
            throw new InvalidInputException($"--documents must be at least 1, not {limit}.");
        }

        using OpenedModel model = Model.Open(parsed);
        PerplexityOptions options = new() { Window = parsed.GetValue(Window), Stride = parsed.GetValue(Stride) };
        PerplexityEvaluator evaluator = new(model.Engine, model.Tokenizer, options);
        PerplexityResult result;
        using (ProgressLine<PerplexityResult> progress = new(terminal, state =>
            $"{state.Documents:#,0} documents, {state.Tokens:#,0} tokens, perplexity {state.Perplexity:0.000} so far"))
        {
            result = evaluator.Evaluate(corpus.ReadTexts(terminal.Stop).Take(limit ?? int.MaxValue), progress, terminal.Stop);
        }

        if (parsed.GetValue(AsJson))
        {
            Json.Write(terminal.Out, new
            {
                result.Documents,
                result.Tokens,
                result.Bytes,
                result.NegativeLogLikelihood,
                result.Loss,
                result.LossStandardError,
                result.Perplexity,
                result.PerplexityStandardError,
                result.BitsPerByte,
            });
            return;
        }

        terminal.Out.WriteLine($"documents      {result.Documents:#,0}");
        terminal.Out.WriteLine($"tokens         {result.Tokens:#,0}");
        terminal.Out.WriteLine($"loss           {result.Loss:0.0000} ± {result.LossStandardError:0.0000} nats per token ({result.NegativeLogLikelihood:#,0.0} in all)");
        terminal.Out.WriteLine($"perplexity     {result.Perplexity:0.000} ± {result.PerplexityStandardError:0.000}");
        terminal.Out.WriteLine($"bits per byte  {result.BitsPerByte:0.0000}");
    }
}
