using System.Text.Json;
using System.Text.RegularExpressions;
using Moiety.Training.Routing;

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
    public void Gates_are_those_of_the_registry()
    {
        string table = MoietyProcess.Run("moe", "gates").Succeeds().Out;
        JsonElement[] gates = [.. MoietyProcess.Run("moe", "gates", "--json").Succeeds().Out.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(GateRegistry.All.Select(gate => gate.Name), gates.Select(gate => gate.GetProperty("name").GetString()));
        Assert.Equal(GateRegistry.All.Select(gate => gate.IsCausal), gates.Select(gate => gate.GetProperty("causal").GetBoolean()));
        Assert.All(GateRegistry.All, gate => Assert.Contains($"{gate.Name} ", table, StringComparison.Ordinal));
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
    public void Pruning_writes_fewer_experts_and_says_what_they_cost()
    {
        string destination = Path.Combine(model.Folder, "pruned.gguf");
        MoietyProcess run = MoietyProcess.Run("moe", "prune", model.Gguf, destination, model.Questions, "--keep", "1,2,4", "--documents", "3", "--by", "load").Succeeds();
        Assert.Contains("layer 3: experts", run.Out, StringComparison.Ordinal);
        Assert.Contains("1, 2, 4", run.Out, StringComparison.Ordinal);
        Assert.Contains("--keep-weights", run.Error, StringComparison.Ordinal);
        JsonElement described = JsonDocument.Parse(MoietyProcess.Run("moe", "describe", destination, "--json").Succeeds().Out).RootElement;
        Assert.Equal([0, 1, 2, 4], described.GetProperty("experts_per_layer").EnumerateArray().Select(count => count.GetInt32()));
    }

    [Fact]
    public void A_sweep_measures_several_shares_and_draws_them()
    {
        string plot = Path.Combine(model.Folder, "sweep.svg");
        MoietyProcess run = MoietyProcess.Run("moe", "prune", model.HuggingFace, "-", model.Questions, "--sweep", "100%,50%", "--by", "loss", "--documents", "2", "--plot", plot, "--json").Succeeds();
        JsonElement[] trials = [.. run.Out.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("perplexity", out _))];
        Assert.Equal(["as it is", "100% kept", "50% kept"], trials.Select(trial => trial.GetProperty("name").GetString()));
        Assert.Equal(trials[0].GetProperty("loss").GetDouble(), trials[1].GetProperty("loss").GetDouble());
        Assert.True(trials[2].GetProperty("bytes").GetInt64() < trials[1].GetProperty("bytes").GetInt64());
        Assert.Contains("<svg", File.ReadAllText(plot), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--experts", "50%", "--align")]
    [InlineData("--dense", "average", "--json")]
    public void Merging_writes_a_model_that_opens(string what, string how, string option)
    {
        string destination = Path.Combine(model.Folder, "merged.gguf");
        MoietyProcess.Run("moe", "merge", model.Gguf, destination, model.Questions, what, how, option, "--documents", "2").Succeeds();
        MoietyProcess.Run("generate", "Mia has", "-m", destination, "--greedy", "--max-tokens", "4").Succeeds();
    }

    [Fact]
    public void A_description_needs_no_weights()
    {
        string config = Path.Combine(model.Folder, "alone.json");
        File.Copy(Path.Combine(model.HuggingFace, "config.json"), config, overwrite: true);
        MoietyProcess run = MoietyProcess.Run("moe", "describe", config).Succeeds();
        Assert.Contains("0, 2, 4, 8 by layer", run.Out, StringComparison.Ordinal);
        Assert.Contains("softmax, then top-k", run.Out, StringComparison.Ordinal);
        Assert.Contains("a fixed MLP, 64 wide", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_is_a_table_json_and_a_page_whose_text_cannot_run()
    {
        string page = Path.Combine(model.Folder, "trace.html");
        MoietyProcess run = MoietyProcess.Run("moe", "trace", "Mia </script><b>", "-m", model.Gguf, "--html", page).Succeeds();
        Assert.Contains("layer 2", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Out, StringComparison.Ordinal);
        string html = File.ReadAllText(page);
        Assert.Single(html.Split("</script>")[..^1]);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
        string[] lines = MoietyProcess.Run("moe", "trace", "Mia has", "-m", model.Gguf, "--layers", "3", "--json").Succeeds().Out.Trim().Split('\n');
        JsonElement layer = Assert.Single(JsonDocument.Parse(lines[^1]).RootElement.GetProperty("layers").EnumerateArray());
        Assert.Equal(2, layer.GetProperty("experts").GetArrayLength());
    }

    [Fact]
    public void Bad_input_of_pruning_and_merging_is_named()
    {
        MoietyProcess.Run("moe", "prune", model.Gguf, "-", model.Questions, "--keep", "9").FailsWith("layer 1 has 2 experts");
        MoietyProcess.Run("moe", "prune", model.Gguf, "-", model.Questions).FailsWith("either --keep");
        MoietyProcess.Run("moe", "prune", model.Gguf, "x.gguf", model.Questions, "--sweep", "2").FailsWith("give - as the destination");
        MoietyProcess.Run("moe", "prune", model.Gguf, model.Gguf, model.Questions, "--keep", "50%").FailsWith("destination is the source");
        MoietyProcess.Run("moe", "prune", model.Gguf, "-", model.File("empty.txt", []), "--keep", "50%").FailsWith("empty");
        MoietyProcess.Run("moe", "merge", model.Gguf, "-", model.Questions, "--dense", "best").FailsWith("most-used");
        string fewer = model.Damaged("fewer", folder =>
        {
            string config = Path.Combine(folder, "config.json");
            File.WriteAllText(config, Regex.Replace(File.ReadAllText(config), "\"num_experts\":[^\\]]*]", "\"num_experts\": [0, 2, 4, 7]"));
        });
        MoietyProcess.Run("moe", "prune", fewer, "-", model.Questions, "--keep", "50%").FailsWith("model.layers.3.mlp.gate.weight");
        MoietyProcess.Run("moe", "upcycle", model.HuggingFace, "x", "--layers", "0", "--split-ffn", "5").FailsWith("do not divide");
        MoietyProcess.Run("moe", "routes", model.Questions, "--capacity", "0").FailsWith("--capacity");
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
