using System.Collections.Immutable;
using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Evaluation.Routing;
using Moiety.Models;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe trace</c>: which experts took each token of a text.</summary>
internal static class MoeTraceCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Argument<string> Text = new("text") { Description = "The text to follow" };
    private static readonly Option<string> Layers = new("--layers") { Description = "Layers to show, counted from 0: a list such as 1,3,5, \"every 2\", or all", HelpName = "LAYERS", DefaultValueFactory = _ => "all" };
    private static readonly Option<string?> Html = new("--html") { Description = "Write a page with the tokens colored by expert, which needs no other file", HelpName = "PATH" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object for each token" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "trace",
            "Follow a text through a Mixture-of-Experts: for each token the experts of each layer that took it, with their probabilities.",
            new Example("the embedded model", "moiety moe trace \"Mia has 3 red kites.\""),
            new Example("a page to look through", "moiety moe trace \"Mia has 3 red kites.\" -m mixtral.gguf --html trace.html"))
        {
            Text,
            Layers,
            Html,
            AsJson,
        };
        Model.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        using OpenedModel model = Model.Open(parsed);
        ImmutableArray<int> layers = LayerList.Read(parsed.GetRequiredValue(Layers), model.Engine.Config.LayerCount);
        ImmutableArray<TokenTrace> traces = new RouteTracer(model.Engine, model.Tokenizer).Trace(parsed.GetRequiredValue(Text), terminal.Stop);
        if (!layers.IsDefault)
        {
            traces = [.. traces.Select(token => token with { Layers = [.. token.Layers.Where(choice => layers.Contains(choice.Layer))] })];
            if (traces[0].Layers.IsEmpty)
            {
                throw new InvalidInputException($"--layers \"{parsed.GetRequiredValue(Layers)}\": none of these layers has experts. moiety moe describe shows which have.");
            }
        }

        if (parsed.GetValue(Html) is { } path)
        {
            RouteTracePage.Write(path, model.Engine.Config, traces);
        }

        if (parsed.GetValue(AsJson))
        {
            foreach (TokenTrace token in traces)
            {
                Json.Write(terminal.Out, token);
            }
        }
        else
        {
            RouteTraceTable.Write(terminal, model.Engine.Config, traces);
        }
    }
}
