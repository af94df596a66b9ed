using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Inference.KeyValues;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Quantization;
using Moiety.Models.Tokenizers;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety inspect</c>: what a model is and what it weighs.</summary>
internal static class InspectCommand
{
    private const int LabelsShown = 8;

    private static readonly Argument<string?> Path = new("model")
    {
        Description = "A GGUF file, a Hugging Face folder, a model that was pulled (owner/name) or a llama2.c .bin file [default: the embedded model]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<int?> Context = new("--context", "-c") { Description = "Show the memory needed at this many tokens too", HelpName = "N" };
    private static readonly Option<bool> Tensors = new("--tensors") { Description = "List every tensor" };
    private static readonly Option<bool> Verify = new("--verify") { Description = "Look through all weights for NaN and infinity" };
    private static readonly Option<bool> Families = new("--families") { Description = "List the families of models that can be opened, instead of one model" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print everything as one JSON object" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "inspect",
            "Show what a model is: a tree of its parts with their sizes, parameters in total and per token, memory at several context lengths, tokenizer, and what of it is not supported.",
            new Example("the embedded model", "moiety inspect"),
            new Example("every tensor of a file, and memory at 32,768 tokens", "moiety inspect model.gguf --tensors --context 32768"))
        {
            Path,
            Context,
            Tensors,
            Verify,
            Families,
            AsJson,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        int? context = parsed.GetValue(Context);
        if (context is < 1)
        {
            throw new InvalidInputException($"--context must be at least 1 token, not {context}.");
        }

        if (parsed.GetValue(Families))
        {
            WriteFamilies(terminal, parsed.GetValue(AsJson));
            return;
        }

        using Checkpoint checkpoint = Open(ModelPath.Resolve(parsed.GetValue(Path)), terminal);
        if (parsed.GetValue(Verify))
        {
            checkpoint.VerifyFinite(terminal.Stop);
        }

        ModelSummary summary = ModelSummary.From(checkpoint);
        int[] lengths = KeyValueMemory.Lengths(checkpoint.Config, context);
        if (parsed.GetValue(AsJson))
        {
            WriteJson(terminal, checkpoint, summary, lengths);
            return;
        }

        WriteSummary(terminal, checkpoint, summary);
        terminal.Results.Write(ModelTree.Draw(terminal, checkpoint));
        terminal.Out.WriteLine();
        WriteFormats(terminal, checkpoint);
        WriteMemory(terminal, checkpoint.Config, summary, lengths);
        WriteTokenizer(terminal, checkpoint.Tokenizer);
        if (!checkpoint.Config.IsEncoder)
        {
            terminal.Out.WriteLine($"chat          {(checkpoint.ChatTemplate is { } template ? $"with its own template{(template.Sources.Count > 1 ? $" (and {template.Sources.Count - 1} more)" : "")}" : "without a template")}");
        }

        foreach (string warning in checkpoint.Warnings)
        {
            terminal.Error.WriteLine($"warning: {warning}");
        }

        if (parsed.GetValue(Tensors))
        {
            WriteTensors(terminal, checkpoint);
        }
    }

    // A model that cannot be run ends in an error, but first comes what its files say of themselves.
    private static Checkpoint Open(string path, Terminal terminal)
    {
        try
        {
            return Checkpoint.Open(path);
        }
        catch (InvalidCheckpointException)
        {
            ContainerFacts.TryRead(path)?.Write(terminal);
            throw;
        }
    }

    private static void WriteSummary(Terminal terminal, Checkpoint checkpoint, ModelSummary summary)
    {
        ModelConfig config = checkpoint.Config;
        terminal.Out.WriteLine(checkpoint.Path);
        terminal.Out.WriteLine($"family        {config.Family}");
        terminal.Out.WriteLine($"parameters    {summary.Parameters:#,0} in total, {summary.ActiveParameters:#,0} active per token ({Format.Percent((double)summary.ActiveParameters / summary.Parameters)})");
        terminal.Out.WriteLine($"weights       {Format.Bytes(summary.WeightBytes)}, {Format.Bytes(summary.ActiveWeightBytes)} read {(config.IsEncoder ? "for a text" : "per decoded token")}");
        terminal.Out.WriteLine($"layers        {config.LayerCount}, {config.HiddenSize} wide");
        terminal.Out.WriteLine($"attention     {ArchitectureText.Attention(config)}");
        terminal.Out.WriteLine($"positions     {ArchitectureText.Positions(config)}");
        terminal.Out.WriteLine($"norms         {ArchitectureText.Norms(config)}");
        if (summary.Experts.Total > 0)
        {
            terminal.Out.WriteLine($"experts       {summary.Experts.Total:#,0} in {config.FeedForwards.Count(layer => layer.Moe is not null)} layers, {summary.Experts.Active:#,0} visited by each token");
        }

        if (config.Classifier is { } classifier)
        {
            terminal.Out.WriteLine($"classes       {classifier.Labels.Length:#,0}: {string.Join(", ", classifier.Labels.Take(LabelsShown))}{(classifier.Labels.Length > LabelsShown ? ", …" : "")}");
        }

        if (checkpoint.Embedding is { } embedding)
        {
            terminal.Out.WriteLine($"vectors       {embedding.Pooling.ToString().ToLowerInvariant()} pooling{(embedding.Normalize is true ? ", of length 1" : "")}{(embedding.MaxTokens is { } most ? $", texts of {most:#,0} tokens" : "")}");
        }

        terminal.Out.WriteLine($"vocabulary    {config.VocabularySize:#,0} tokens, {(config.IsEncoder ? "no head" : config.TieWordEmbeddings ? "head tied to the embedding" : "separate head")}");
        terminal.Out.WriteLine();
    }

    private static void WriteFormats(Terminal terminal, Checkpoint checkpoint)
    {
        Table table = Tables.Create(terminal, "format", "#tensors", "#parameters", "#bytes", "#bits per parameter");
        foreach (IGrouping<string, TensorDescription> format in Weights(checkpoint).Select(pair => pair.Tensor).GroupBy(tensor => tensor.Format.Name).OrderByDescending(group => group.Sum(tensor => tensor.ByteLength)))
        {
            long parameters = format.Sum(tensor => (long)tensor.Rows * tensor.Columns);
            long bytes = format.Sum(tensor => tensor.ByteLength);
            Tables.AddRow(table, format.Key, $"{format.Count():#,0}", $"{parameters:#,0}", Format.Bytes(bytes), $"{bytes * 8.0 / parameters:0.00}");
        }

        terminal.Results.Write(table);
        terminal.Out.WriteLine();
    }

    private static void WriteMemory(Terminal terminal, ModelConfig config, ModelSummary summary, int[] lengths)
    {
        KeyValueFormat[] formats = [.. KeyValueMemory.FormatsFor(config)];
        Table table = Tables.Create(terminal, ["#memory at", "#weights", .. formats.Select(format => $"#with {format} keys and values")]);
        foreach (int tokens in lengths)
        {
            Tables.AddRow(table, [$"{tokens:#,0} tokens", Format.Bytes(summary.WeightBytes), .. formats.Select(format => Format.Bytes(summary.WeightBytes + KeyValueMemory.BytesPerToken(summary, format) * tokens))]);
        }

        terminal.Results.Write(table);
        terminal.Out.WriteLine();
    }

    private static void WriteTokenizer(Terminal terminal, Tokenizer? tokenizer)
    {
        if (tokenizer is null)
        {
            terminal.Out.WriteLine("tokenizer     none");
            return;
        }

        int special = Enumerable.Range(0, tokenizer.VocabularySize).Count(tokenizer.IsSpecial);
        terminal.Out.WriteLine($"tokenizer     {NameOf(tokenizer)}, {tokenizer.VocabularySize:#,0} tokens, {special} special");
        terminal.Out.WriteLine($"text starts   {(tokenizer.BosTokenId is { } bos ? $"{bos} {tokenizer.GetPiece(bos)}" : "with no token")}");
        terminal.Out.WriteLine($"text ends     {(tokenizer.EosTokenIds.IsEmpty ? "with no token" : string.Join(", ", tokenizer.EosTokenIds.Select(id => $"{id} {tokenizer.GetPiece(id)}")))}");
    }

    private static void WriteFamilies(Terminal terminal, bool asJson)
    {
        if (asJson)
        {
            Json.Write(terminal.Out, ModelFamilies.All.Select(family => new { family.Name, family.Models, Gguf = family.HasGguf ? family.GgufArchitecture : null }));
            return;
        }

        Table table = Tables.Create(terminal, "model_type", "GGUF", "models");
        foreach (ModelFamily family in ModelFamilies.All)
        {
            Tables.AddRow(table, family.Name, family.HasGguf ? family.GgufArchitecture : "none", family.Models);
        }

        terminal.Results.Write(table);
    }

    private static void WriteTensors(Terminal terminal, Checkpoint checkpoint)
    {
        terminal.Out.WriteLine();
        Table table = Tables.Create(terminal, "tensor", "#shape", "format", "#bytes");
        foreach ((TensorSpec spec, TensorDescription tensor) in Weights(checkpoint))
        {
            Tables.AddRow(table, spec.Name, spec.ShapeText, tensor.Format.Name, $"{tensor.ByteLength:#,0}");
        }

        terminal.Results.Write(table);
    }

    private static void WriteJson(Terminal terminal, Checkpoint checkpoint, ModelSummary summary, int[] lengths) => Json.Write(terminal.Out, new
    {
        checkpoint.Path,
        checkpoint.Config,
        summary.Parameters,
        summary.ActiveParameters,
        summary.WeightBytes,
        summary.ActiveWeightBytes,
        Formats = summary.BytesByFormat.ToDictionary(entry => entry.Format.Name, entry => entry.Bytes),
        Experts = summary.Experts.Total == 0 ? null : new { summary.Experts.Total, summary.Experts.Active },
        Parts = PartSize.Of(checkpoint, TensorCatalog.For(checkpoint.Config)),
        Memory = lengths.Select(tokens => new
        {
            Tokens = tokens,
            KeyValueBytes = KeyValueMemory.FormatsFor(checkpoint.Config).ToDictionary(format => format.ToString(), format => KeyValueMemory.BytesPerToken(summary, format) * tokens),
        }),
        checkpoint.Warnings,
        ChatTemplates = checkpoint.ChatTemplate?.Sources.Keys.Order(StringComparer.Ordinal),
        checkpoint.Embedding,
        Tokenizer = checkpoint.Tokenizer is { } tokenizer
            ? new { Type = NameOf(tokenizer), tokenizer.VocabularySize, tokenizer.BosTokenId, tokenizer.EosTokenIds }
            : null,
        Tensors = Weights(checkpoint).Select(pair => new
        {
            pair.Spec.Name,
            Shape = pair.Spec.IsVector ? (int[])[pair.Spec.Columns] : [pair.Spec.Rows, pair.Spec.Columns],
            Format = pair.Tensor.Format.Name,
            Bytes = pair.Tensor.ByteLength,
        }),
    });

    private static IEnumerable<(TensorSpec Spec, TensorDescription Tensor)> Weights(Checkpoint checkpoint) =>
        TensorCatalog.For(checkpoint.Config).Select(spec => (spec, checkpoint.Describe(spec.Name)));

    private static string NameOf(Tokenizer tokenizer) => tokenizer switch
    {
        ByteLevelBpeTokenizer => "byte-level BPE",
        SentencePieceBpeTokenizer => "SentencePiece-style BPE",
        UnigramTokenizer => "Unigram",
        WordPieceTokenizer => "WordPiece",
        _ => tokenizer.GetType().Name,
    };
}
