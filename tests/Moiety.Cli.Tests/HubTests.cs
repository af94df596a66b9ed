using Moiety.Testing.Hub;

namespace Moiety.Cli.Tests;

/// <summary>Name a model, get it, use it.</summary>
public class HubTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void A_model_of_the_hub_is_pulled_listed_used_and_removed()
    {
        using HubServer server = new(Directory.EnumerateFiles(model.HuggingFace).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes));
        Dictionary<string, string> variables = new() { ["HF_ENDPOINT"] = server.Address.OriginalString, ["HF_HOME"] = Path.Combine(model.Folder, "hub"), ["HF_TOKEN"] = "" };
        MoietyProcess Run(params string[] arguments) => MoietyProcess.RunWith(variables, arguments);
        Run("inspect", "someone/tiny").FailsWith("moiety pull someone/tiny");
        string path = Run("pull", "someone/tiny").Succeeds().Out.Trim();
        Assert.True(File.Exists(Path.Combine(path, "model.safetensors")));
        Assert.Contains("someone/tiny", Run("list").Succeeds().Out, StringComparison.Ordinal);
        string direct = MoietyProcess.Run("generate", "Mia", "-m", model.HuggingFace, "--greedy", "--max-tokens", "8").Succeeds().Out;
        Assert.Equal(direct, Run("generate", "Mia", "-m", "someone/tiny", "--greedy", "--max-tokens", "8").Succeeds().Out);
        variables["HF_HUB_OFFLINE"] = "1";
        Assert.Equal(path, Run("pull", "someone/tiny").Succeeds().Out.Trim());
        Run("pull", "someone/other").FailsWith("someone/other", "HF_HUB_OFFLINE");
        Run("remove", "someone/tiny").Succeeds();
        Run("remove", "someone/tiny").FailsWith("moiety list");
        Run("pull", "not a name").FailsWith("owner/name");
    }
}
