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

    [Fact]
    public void A_mixture_is_trained_used_and_looked_into_and_a_model_is_trained_on()
    {
        model.File("train.txt", Encoding.UTF8.GetBytes(string.Join("\n<|endoftext|>\n", Enumerable.Range(0, 60).Select(i => $"Mia has {i} red kites. Tom went to the lake."))));
        string Recipe(string name, string adapter) => model.File(name, Encoding.UTF8.GetBytes(
            $$"""
            {
              "init": "model", {{adapter}}
              "data": { "train": "train.txt" },
              "training": { "sequence_length": 32, "batch_size": 4, "steps": 6, "threads": 1, "precision": "f32" },
              "optimizer": { "learning_rate": 5e-2, "warmup_steps": 1 }
            }
            """));
        string mixture = Recipe("mixture.json", """ "adapter": { "rank": 2, "targets": ["q_proj", "o_proj"], "experts": 4 }, """);
        string run = Path.Combine(model.Folder, "mixture-run");
        string adapter = Path.Combine(run, "adapter");
        Assert.Contains(adapter, MoietyProcess.Run("train", mixture, "--out", run).Succeeds().Out, StringComparison.Ordinal);
        Assert.NotEqual(Generate("-m", model.HuggingFace), Generate("-m", model.HuggingFace, "--adapter", adapter));
        Assert.Contains("model.layers.0.self_attn.o_proj", MoietyProcess.Run("moe", "routes", model.Questions, "--documents", "3", "-m", model.HuggingFace, "--adapter", adapter).Succeeds().Out, StringComparison.Ordinal);
        MoietyProcess.Run("merge", model.HuggingFace, adapter, Path.Combine(model.Folder, "impossible")).FailsWith("cannot be merged");
        MoietyProcess.Run("train", Recipe("wrong.json", """ "adapter": { "rank": 0, "targets": ["q_proj"] }, """), "--out", Path.Combine(model.Folder, "wrong")).FailsWith("adapter.rank");

        // Without an adapter the model itself is trained on, here from another file than the configuration names, and exported once more.
        string whole = Path.Combine(model.Folder, "whole-run");
        MoietyProcess.Run("train", Recipe("whole.json", ""), "--init", model.Gguf, "--out", whole).Succeeds();
        Assert.NotEqual(Generate("-m", model.Gguf), Generate("-m", Path.Combine(whole, "model")));
        Assert.Contains("after step 6", MoietyProcess.Run("train", Path.Combine(model.Folder, "whole.json"), "--init", model.Gguf, "--out", whole, "--export-only").Succeeds().Out, StringComparison.Ordinal);
    }

    private static string Generate(params string[] options) =>
        MoietyProcess.Run(["generate", "Mia has", "--greedy", "--max-tokens", "12", .. options]).Succeeds().Out;
}
