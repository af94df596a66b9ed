using System.Text;
using System.Text.Json.Nodes;

namespace Moiety.Cli.Tests;

/// <summary>Encoders at the command line: vectors, likeness, classes, and what is refused.</summary>
public class EncoderTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void Embed_shows_vectors_and_how_alike_texts_are()
    {
        using EncoderFolder encoder = new("bert");
        MoietyProcess run = MoietyProcess.Run("embed", encoder.Path, "the cat sat", "the dog ran").Succeeds();
        Assert.Contains("vector (32 elements)", run.Out, StringComparison.Ordinal);
        Assert.Contains("similarity (cosine)", run.Out, StringComparison.Ordinal);
        Assert.Contains("1.0000", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Embed_as_JSON_gives_the_same_vectors_for_lines_and_for_arguments()
    {
        using EncoderFolder encoder = new("mpnet");
        string json = MoietyProcess.Run("embed", encoder.Path, "the cat sat", "a red kite", "--json").Succeeds().Out;
        JsonNode[] lines = [.. json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal([0, 1], lines.Select(line => line["index"]!.GetValue<int>()));
        Assert.All(lines, line => Assert.Equal(1, line["embedding"]!.AsArray().Sum(value => Math.Pow(value!.GetValue<double>(), 2)), 1e-4));
        Assert.Equal(json, MoietyProcess.RunWithInput("the cat sat\n\na red kite\n"u8.ToArray(), "embed", encoder.Path, "-f", "-", "--json").Succeeds().Out);
        string tokens = MoietyProcess.Run("embed", encoder.Path, "the cat sat", "--pooling", "none", "--json").Succeeds().Out;
        Assert.Equal(5, JsonNode.Parse(tokens)!["embeddings"]!.AsArray().Count);
    }

    [Fact]
    public void Classify_shows_the_classes_the_likeliest_first()
    {
        using EncoderFolder encoder = new("deberta-v3-classifier");
        string[] classes = [.. MoietyProcess.Run("classify", encoder.Path, "it was good!").Succeeds().Out
            .Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(word => word is "sad" or "calm" or "merry")).OfType<string>()];
        JsonNode json = JsonNode.Parse(MoietyProcess.Run("classify", encoder.Path, "it was good!", "--json").Succeeds().Out)!;
        Assert.Equal(classes, json["labels"]!.AsArray().Select(label => label!["label"]!.GetValue<string>()));
        Assert.Equal(1, json["labels"]!.AsArray().Sum(label => label!["score"]!.GetValue<double>()), 1e-5);
        string pair = MoietyProcess.Run("classify", encoder.Path, "who wrote it?", "the cat wrote it", "--json", "--top-k", "1").Succeeds().Out;
        string fromFile = MoietyProcess.RunWithInput(Encoding.UTF8.GetBytes("who wrote it?\tthe cat wrote it\n"), "classify", encoder.Path, "-f", "-", "--json", "--top-k", "1").Succeeds().Out;
        Assert.Equal(pair, fromFile);
    }

    [Fact]
    public void Encoders_and_generating_models_are_not_mistaken_for_each_other()
    {
        using EncoderFolder encoder = new("bert");
        MoietyProcess.Run("generate", "Mia", "-m", encoder.Path).FailsWith("encoder", "moiety embed");
        MoietyProcess.Run("logits", "Mia", "-m", encoder.Path).FailsWith("encoder");
        MoietyProcess.RunWithInput("Hello\n"u8.ToArray(), "chat", "-m", encoder.Path).FailsWith("encoder");
        MoietyProcess.Run("embed", model.Gguf, "Mia").FailsWith("generates text", "pooling");
        MoietyProcess.Run("classify", model.Gguf, "Mia").FailsWith("no classification head");
    }

    [Fact]
    public void What_is_given_wrong_is_said()
    {
        using EncoderFolder encoder = new("bert");
        MoietyProcess.Run("embed", encoder.Path).FailsWith("--lines");
        MoietyProcess.Run("embed", encoder.Path, "a", "-f", "-").FailsWith("--lines");
        MoietyProcess.Run("embed", encoder.Path, "a", "--pooling", "max").FailsWith("max");
        MoietyProcess.Run("embed", encoder.Path, "a", "--max-tokens", "1").FailsWith("allow more");
        MoietyProcess.Run("embed", "nowhere", "a").FailsWith("nowhere");
        MoietyProcess.RunWithInput([], "embed", encoder.Path, "-f", "-").FailsWith("no text");
        using EncoderFolder classifier = new("bert-classifier");
        MoietyProcess.Run("classify", classifier.Path, "a", "--top-k", "0").FailsWith("--top-k");
        MoietyProcess.RunWithInput("a\tb\tc\n"u8.ToArray(), "classify", classifier.Path, "-f", "-").FailsWith("2 tabs");
    }
}
