using System.Text;

namespace Moiety.Cli.Tests;

/// <summary>An adapter beside a model, and merged into it.</summary>
public class AdapterTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void An_adapter_changes_the_text_as_the_merged_model_has_it()
    {
        string adapter = Path.Combine(model.Folder, "adapter");
        AdapterFiles files = new(8);
        for (int layer = 0; layer < SmallModels.Pyramid.LayerCount; layer++)
        {
            files.Add($"model.layers.{layer}.self_attn.q_proj", 128, 64, 4);
            files.Add($"model.layers.{layer}.self_attn.o_proj", 64, 128, 4);
        }

        files.WritePeft(adapter, config => config["lora_alpha"] = 40);
        string merged = Path.Combine(model.Folder, "merged");
        Assert.Contains("8 matrices changed", MoietyProcess.Run("merge", model.HuggingFace, adapter, merged).Succeeds().Out, StringComparison.Ordinal);
        string plain = Generate("-m", model.HuggingFace);
        string adapted = Generate("-m", model.HuggingFace, "--adapter", adapter);
        Assert.NotEqual(plain, adapted);
        Assert.Equal(Generate("-m", merged), adapted);

        // In a conversation the adapter comes and goes.
        MoietyProcess chat = MoietyProcess.RunWithInput(
            Encoding.UTF8.GetBytes($"Mia\n/undo\n/adapter {adapter}\nMia\n/undo\n/adapter\nMia\n/adapter nowhere\n"), "chat", "-m", model.HuggingFace, "--greedy", "--max-tokens", "8").Succeeds();
        string[] answers = chat.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(answers[..(answers.Length / 3)], answers[^(answers.Length / 3)..]);
        Assert.NotEqual(answers[0], answers[answers.Length / 3]);
        Assert.Contains("nowhere", chat.Error, StringComparison.Ordinal);
        MoietyProcess.Run("merge", model.HuggingFace, model.HuggingFace, merged).FailsWith("adapter_config.json");
    }

    private static string Generate(params string[] options) =>
        MoietyProcess.Run(["generate", "Mia has", "--greedy", "--max-tokens", "12", .. options]).Succeeds().Out;
}
