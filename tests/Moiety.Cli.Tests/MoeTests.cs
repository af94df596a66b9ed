using System.Text.Json;

namespace Moiety.Cli.Tests;

/// <summary>Verbs for Mixture-of-Experts, as a shell runs them.</summary>
public class MoeTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void Routes_are_shown_as_tables_a_map_and_a_picture()
    {
        string plot = Path.Combine(model.Folder, "routes.svg");
        MoietyProcess run = MoietyProcess.Run("moe", "routes", model.Questions, "-m", model.Gguf, "--documents", "5", "--plot", plot).Succeeds();
        Assert.Contains("5 documents", run.Out, StringComparison.Ordinal);
        Assert.Contains("token kind", run.Out, StringComparison.Ordinal);
        Assert.Contains("layer 3 ", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Out, StringComparison.Ordinal);
        Assert.Contains("<svg", File.ReadAllText(plot), StringComparison.Ordinal);
    }

    [Fact]
    public void Routes_as_json_are_a_line_for_each_layer_and_trial()
    {
        string[] lines = MoietyProcess.Run("moe", "routes", model.Questions, "-m", model.HuggingFace, "--documents", "3", "--json", "--ablate").Succeeds().Out.Trim().Split('\n');
        JsonElement[] values = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([1, 2, 3], values[..3].Select(value => value.GetProperty("layer").GetInt32()));
        Assert.Equal([0, 1, 1, 1, 3], values[3..].Select(value => value.GetProperty("silenced").GetArrayLength()));
    }

    [Fact]
    public void A_dense_layer_is_upcycled_and_the_result_talks_as_before()
    {
        string destination = Path.Combine(model.Folder, "upcycled.gguf");
        MoietyProcess run = MoietyProcess.Run("moe", "upcycle", model.HuggingFace, destination, "--layers", "0", "--experts", "4").Succeeds();
        Assert.Contains("moiety_moe", run.Out, StringComparison.Ordinal);
        Assert.Equal(
            MoietyProcess.Run("generate", "Mia has", "-m", model.HuggingFace, "--greedy", "--max-tokens", "12").Succeeds().Out,
            MoietyProcess.Run("generate", "Mia has", "-m", destination, "--greedy", "--max-tokens", "12").Succeeds().Out);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        MoietyProcess.Run("moe", "upcycle", model.HuggingFace, "x").FailsWith("layer 1 has experts already");
        MoietyProcess.Run("moe", "upcycle", model.HuggingFace, "x", "--layers", "one").FailsWith("\"one\" is no layer");
        MoietyProcess.Run("moe", "upcycle", model.HuggingFace, model.HuggingFace, "--layers", "0").FailsWith("destination is the source");
        MoietyProcess.Run("moe", "routes", model.Questions, "--documents", "0").FailsWith("--documents");
        MoietyProcess.Run("moe", "routes", model.Questions, "--plot", "routes.txt").FailsWith(".svg");
        MoietyProcess.Run("moe", "routes", "nowhere.txt").FailsWith("nowhere.txt");
    }
}
