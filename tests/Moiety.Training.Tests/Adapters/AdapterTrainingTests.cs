using System.Text.Json.Nodes;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Tests.Modules;

namespace Moiety.Training.Tests.Adapters;

/// <summary>A run that trains an adapter: what it learns, keeps, exports and refuses.</summary>
public sealed class AdapterTrainingTests : IDisposable
{
    private const string Plain = """ "rank": 4, "targets": ["q_proj", "v_proj", "down_proj"], "dropout": 0.1 """;
    private const string Routed = """ "rank": 2, "targets": ["q_proj", "mlp.down_proj"], "experts": 4, "top_k": 2 """;
    private readonly TemporaryFolder _folder = new();

    public AdapterTrainingTests()
    {
        SmallCorpus.Write(_folder.Path);
        WriteBase("base", seed: 1);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Plain)]
    [InlineData(Routed)]
    public void The_adapter_learns_and_the_frozen_model_stays_bit_by_bit(string adapter)
    {
        TrainingConfig config = Config(adapter, steps: 60);
        using Trainer trainer = Trainer.Open(config, _folder["run"], resume: false);
        float[] before = [.. trainer.Model.Store.Values.data<float>()];
        List<double> losses = [];
        trainer.Run(new Collector(losses));
        Assert.Equal(before, trainer.Model.Store.Values.data<float>().ToArray());
        Assert.True(losses.TakeLast(5).Average() < losses.Take(5).Average() - 0.3, $"{losses[0]} to {losses[^1]}");
    }

    [Theory]
    [InlineData(Plain)]
    [InlineData(Routed)]
    public void A_resumed_run_makes_the_steps_of_an_uninterrupted_one(string adapter)
    {
        TrainingConfig config = Config(adapter, steps: 4);
        float[] whole = Train(config, _folder["whole"], resume: false);
        Train(config, _folder["parts"], resume: false);
        Directory.Delete(_folder["parts/checkpoints/step-00000004"], recursive: true);
        Directory.Delete(_folder["parts/checkpoints/step-00000003"], recursive: true);
        Assert.Equal(whole, Train(config, _folder["parts"], resume: true));
    }

    [Fact]
    public void A_checkpoint_holds_the_factors_alone_and_fits_no_other_model()
    {
        TrainingConfig config = Config(Routed, steps: 1);
        Train(config, _folder["run"], resume: false);
        using DecoderModule module = new(config.Model, [], adapter: config.Adapter);
        Assert.Equal(4 * module.Trained.Length, new FileInfo(_folder["run/checkpoints/step-00000001/values.f32"]).Length);
        Directory.Delete(_folder["base"], recursive: true);
        WriteBase("base", seed: 2);
        string message = Assert.ThrowsAny<InvalidInputException>(() => Train(config with { Steps = 2 }, _folder["run"], resume: true)).Message;
        Assert.Contains("frozen weights=", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Plain, "LORA")]
    [InlineData(Routed, "MOIETY_LORA_EXPERTS")]
    public void The_export_is_an_adapter_s_folder_with_the_trained_factors(string adapter, string type)
    {
        TrainingConfig config = Config(adapter, steps: 2);
        Assert.Equal("adapter", RunExport.FolderName(config));
        using Trainer trainer = Trainer.Open(config, _folder["run"], resume: false);
        trainer.Run();
        trainer.Export(_folder["adapter"]);
        JsonObject written = JsonNode.Parse(File.ReadAllText(_folder["adapter/adapter_config.json"]))!.AsObject();
        Assert.Equal(type, (string?)written["peft_type"]);
        Assert.Equal(_folder["base"], (string?)written["base_model_name_or_path"]);
        using Checkpoint model = Checkpoint.Open(_folder["base"]);
        LoraAdapter read = LoraAdapter.Open(_folder["adapter"], model);
        LoraAdapter trained = trainer.Model.Adapter!.ToAdapter("trained");
        Assert.Equal(trained.Parameters, read.Parameters);
        foreach ((string name, LowRankUpdate update) in trained.Updates)
        {
            Assert.Equal(update.A, read.Updates[name].A);
            Assert.Equal(update.B, read.Updates[name].B);
            Assert.Equal((update.Rank, update.Scale), (read.Updates[name].Rank, read.Updates[name].Scale));
        }

        foreach ((string name, LoraExpertBank bank) in trained.Banks)
        {
            LoraExpertBank other = read.Banks[name];
            Assert.Equal(bank.A, other.A);
            Assert.Equal(bank.B, other.B);
            Assert.Equal(bank.Router, other.Router);
            Assert.Equal((bank.Experts, bank.TopK, bank.Rank, bank.Scale, bank.NormalizeTopK), (other.Experts, other.TopK, other.Rank, other.Scale, other.NormalizeTopK));
        }

        // In the middle of a run, too.
        Assert.Equal(2, RunExport.Write(config, _folder["run"], _folder["again"]));
        Assert.Equal(File.ReadAllBytes(_folder["adapter/adapter_model.safetensors"]), File.ReadAllBytes(_folder["again/adapter_model.safetensors"]));
    }

    [Theory]
    [InlineData(""" "rank": 0, "targets": ["q_proj"] """, "adapter.rank", "0 is not allowed")]
    [InlineData(""" "rank": 2 """, "adapter.targets", "missing")]
    [InlineData(""" "rank": 2, "targets": ["q_proj"], "experts": 4, "top_k": 5 """, "adapter.top_k", "to 4")]
    [InlineData(""" "rank": 2, "targets": ["q_proj"], "top_k": 1 """, "adapter.top_k", "unknown key")]
    [InlineData(""" "rank": 2000, "targets": ["q_proj"], "experts": 4 """, "adapter.experts", "4 is not allowed")]
    [InlineData(""" "rank": 2, "targets": ["q_proj"], "dropout": 1 """, "adapter.dropout", "1 is not allowed")]
    [InlineData(""" "rank": 2, "targets": ["q_proj"] }, "router": { "balance_loss": 0.1 """, "router", "frozen")]
    public void What_is_wrong_in_the_section_is_named(string adapter, params string[] said)
    {
        string message = Assert.ThrowsAny<InvalidInputException>(() => Config(adapter, 1)).Message;
        Assert.All(said, text => Assert.Contains(text, message, StringComparison.Ordinal));
    }

    [Fact]
    public void An_adapter_of_no_model_is_refused()
    {
        string message = Assert.ThrowsAny<InvalidInputException>(() => SmallCorpus.Write(_folder.Path, more: """, "adapter": { "rank": 2, "targets": ["q_proj"] }""")).Message;
        Assert.Contains("\"init\"", message, StringComparison.Ordinal);
    }

    private void WriteBase(string name, ulong seed)
    {
        ModelConfig config = TinyModules.Config(TinyModules.Dense, TinyModules.Experts(4, 1, normalize: false, residual: true)) with { VocabularySize = 300, ContextLength = 32 };
        using DecoderModule module = TinyModules.Random(config, seed);
        TensorSource source = TensorSource.From((tensor, destination) => module.GetParameter(tensor.Name).CopyTo(destination));
        HuggingFaceWriter.Write(_folder[name], config, source, SmallCorpus.Tokenizer(300));
    }

    private TrainingConfig Config(string adapter, long steps) => TrainingConfigReader.Parse(
        $$"""
        {
          "init": "base",
          "adapter": { {{adapter}} },
          "data": { "train": "train.txt" },
          "training": { "sequence_length": 16, "batch_size": 4, "threads": 1, "steps": {{steps}}, "precision": "f32" },
          "optimizer": { "learning_rate": 2e-2, "warmup_steps": 2, "weight_decay": 0 },
          "intervals": { "log": 1, "checkpoint": 1, "keep": 4, "evaluation": 0 }
        }
        """, _folder["train.json"]);

    private static float[] Train(TrainingConfig config, string folder, bool resume)
    {
        using Trainer trainer = Trainer.Open(config, folder, resume);
        Assert.True(trainer.Run().Completed);
        return [.. trainer.Model.Trained.Values.data<float>()];
    }

    private sealed class Collector(List<double> losses) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Stage == "training")
            {
                losses.Add(value.CrossEntropy);
            }
        }
    }
}
