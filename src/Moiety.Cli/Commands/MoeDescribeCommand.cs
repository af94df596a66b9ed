using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe describe</c>: what kind of Mixture-of-Experts a model is.</summary>
internal static class MoeDescribeCommand
{
    private static readonly Argument<string?> Path = new("model")
    {
        Description = "A GGUF file, a Hugging Face folder, a config.json without weights, or a model that was pulled [default: the embedded model]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "describe",
            "Show what kind of Mixture-of-Experts a model is: experts of each layer, how the router scores and chooses, whether weights are renormalized, groups, biases, "
            + "shared experts and fixed MLPs, dense layers. The configuration is enough. moiety inspect shows everything else, moiety moe routes what a text does with it.",
            new Example("the embedded model", "moiety moe describe"),
            new Example("a model that was not downloaded", "moiety moe describe config.json --json"))
        {
            Path,
            AsJson,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        MixtureDescription model = MixtureDescription.Of(ArchitectureFile.Read(ModelPath.Resolve(parsed.GetValue(Path))));
        if (parsed.GetValue(AsJson))
        {
            WriteJson(terminal, model);
            return;
        }

        terminal.Out.WriteLine($"family        {model.Family}");
        terminal.Out.WriteLine($"parameters    {model.Parameters:#,0}: {model.ExpertParameters:#,0} of experts, {model.Parameters - model.ExpertParameters:#,0} of the rest; {model.ActiveParameters:#,0} for one token");
        terminal.Out.WriteLine($"layers        {model.LayerCount}: {DescribeDense(model)}");
        terminal.Out.WriteLine($"experts       {(model.Mixtures.Length == 1 ? $"{model.Mixtures[0].Experts} in each of {model.Mixtures[0].Layers.Length} layers" : string.Join(", ", model.ExpertsPerLayer) + " by layer")}");
        terminal.Out.WriteLine();
        Table table = Tables.Create(terminal, ["layers", .. model.Mixtures.Select(mixture => Ranges(mixture.Layers))]);
        Add("experts / k", mixture => $"{mixture.Experts} / {mixture.TopK}");
        Add("gate", DescribeGate);
        Add("weights", DescribeWeights);
        Add("groups", mixture => mixture.Groups.Count == 1 ? "none" : $"{mixture.Groups.Chosen} of {mixture.Groups.Count}, by {(mixture.GroupScore == GroupScore.Best ? "the best expert" : "the two best experts")}");
        Add("bias", DescribeBias);
        Add("expert", mixture => $"{mixture.ExpertWidth} wide ({Number(mixture.RelativeWidth)} of the hidden size), {mixture.Activation}{(mixture.ExpertBias ? ", biases" : "")}");
        Add("fine grain", mixture => mixture.FineGrain is { } grain ? $"a dense layer is {Number(grain)} times as wide" : "no dense layer to compare with");
        Add("shared", mixture => mixture.SharedWidth == 0 ? "none" : $"{mixture.SharedWidth} wide ({Number((double)mixture.SharedWidth / mixture.ExpertWidth)} experts){(mixture.SharedGate ? ", weighed by a sigmoid" : "")}");
        Add("residual", mixture => mixture.ResidualWidth == 0 ? "none" : $"a fixed MLP, {mixture.ResidualWidth} wide, mixed by a softmax of two");
        terminal.Results.Write(table);

        void Add(string name, Func<MixtureLayers, string> describe) => Tables.AddRow(table, [name, .. model.Mixtures.Select(describe)]);
    }

    private static void WriteJson(Terminal terminal, MixtureDescription model) => Json.Write(terminal.Out, new
    {
        model.Family,
        Layers = model.LayerCount,
        model.DenseLayers,
        model.LeadingDense,
        model.ExpertsPerLayer,
        model.Parameters,
        model.ActiveParameters,
        model.ExpertParameters,
        Mixtures = model.Mixtures.Select(mixture => new
        {
            mixture.Layers,
            mixture.Experts,
            mixture.TopK,
            mixture.Gate,
            mixture.Renormalized,
            Order = DescribeGate(mixture),
            Groups = mixture.Groups.Count,
            GroupsChosen = mixture.Groups.Chosen,
            mixture.GroupScore,
            mixture.RouterBias,
            mixture.SelectionBias,
            mixture.WeightScale,
            mixture.ExpertWidth,
            mixture.ExpertBias,
            mixture.Activation,
            mixture.SharedWidth,
            mixture.SharedGate,
            mixture.ResidualWidth,
            mixture.RelativeWidth,
            mixture.FineGrain,
        }),
    });

    private static string DescribeDense(MixtureDescription model) => model.DenseLayers.Length == 0 ? "all have experts"
        : model.DenseLayers.Length == model.LeadingDense ? $"the first {model.LeadingDense} dense"
        : $"dense {Ranges(model.DenseLayers)}";

    private static string DescribeGate(MixtureLayers mixture) => mixture.Gate switch
    {
        GatingKind.Softmax => mixture.Renormalized ? "softmax and top-k, in either order" : "softmax, then top-k",
        GatingKind.Sigmoid => "sigmoid, then top-k",
        GatingKind.SparseMixer => "SparseMixer: a softmax near each of two maxima",
        GatingKind.Hash => "none: a table gives each token id its expert",
        var other => other.ToString(),
    };

    private static string DescribeWeights(MixtureLayers mixture) =>
        (mixture.Renormalized ? "renormalized over the chosen" : "as scored, not renormalized") + (mixture.WeightScale == 1 ? "" : $", times {Number(mixture.WeightScale)}");

    private static string DescribeBias(MixtureLayers mixture) => (mixture.RouterBias, mixture.SelectionBias) switch
    {
        (false, false) => "none",
        (true, false) => "on the logits",
        (false, true) => "for the choice only",
        _ => "on the logits, and another for the choice only",
    };

    private static string Ranges(ImmutableArray<int> layers)
    {
        List<string> ranges = [];
        for (int start = 0; start < layers.Length;)
        {
            int end = start;
            while (end + 1 < layers.Length && layers[end + 1] == layers[end] + 1)
            {
                end++;
            }

            ranges.Add(end == start ? $"{layers[start]}" : $"{layers[start]}-{layers[end]}");
            start = end + 1;
        }

        return string.Join(", ", ranges);
    }

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
