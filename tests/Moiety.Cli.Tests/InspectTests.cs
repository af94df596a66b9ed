using System.Text.Json;
using System.Text.Json.Nodes;

namespace Moiety.Cli.Tests;

/// <summary>A user's first look at a model.</summary>
public class InspectTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void The_tree_has_every_part_of_every_layer_and_its_sizes_add_up()
    {
        string text = MoietyProcess.Run("inspect", model.Gguf).Succeeds().Out;
        Assert.Contains("attention:", text, StringComparison.Ordinal);
        Assert.Contains("router:", text, StringComparison.Ordinal);
        Assert.Contains("experts, top", text, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(MoietyProcess.Run("inspect", model.Gguf, "--json").Succeeds().Out);
        JsonElement root = json.RootElement;
        long tensors = root.GetProperty("tensors").EnumerateArray().Sum(tensor => tensor.GetProperty("shape").EnumerateArray().Aggregate(1L, (product, size) => product * size.GetInt64()));
        Assert.Equal(tensors, root.GetProperty("parameters").GetInt64());
        Assert.Equal(tensors, root.GetProperty("parts").EnumerateArray().Sum(part => part.GetProperty("parameters").GetInt64()));
        Assert.True(root.GetProperty("active_parameters").GetInt64() < tensors);
        Assert.True(root.GetProperty("experts").GetProperty("active").GetInt32() < root.GetProperty("experts").GetProperty("total").GetInt32());
    }

    [Fact]
    public void Memory_grows_with_the_context_and_the_asked_length_is_among_those_shown()
    {
        using JsonDocument json = JsonDocument.Parse(MoietyProcess.Run("inspect", model.Gguf, "--json", "--context", "100").Succeeds().Out);
        (int Tokens, double Bytes)[] memory = [.. json.RootElement.GetProperty("memory").EnumerateArray().Select(entry =>
            (entry.GetProperty("tokens").GetInt32(), entry.GetProperty("key_value_bytes").GetProperty("F16").GetDouble()))];
        Assert.Contains(memory, entry => entry.Tokens == 100);
        Assert.All(memory, entry => Assert.Equal(memory[0].Bytes / memory[0].Tokens, entry.Bytes / entry.Tokens, 9));
    }

    [Fact]
    public void A_model_that_is_not_supported_is_described_as_far_as_its_files_tell()
    {
        string strange = model.Damaged("unsupported", folder =>
        {
            string path = Path.Combine(folder, "config.json");
            JsonNode config = JsonNode.Parse(File.ReadAllText(path))!;
            config["model_type"] = "gpt_7_turbo";
            File.WriteAllText(path, config.ToJsonString());
        });
        MoietyProcess result = MoietyProcess.Run("inspect", strange);
        result.FailsWith("gpt_7_turbo", "not supported");
        Assert.Contains("family        gpt_7_turbo", result.Out, StringComparison.Ordinal);
        Assert.Contains("F32", result.Out, StringComparison.Ordinal);
    }
}
