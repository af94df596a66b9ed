using System.Text.Json.Nodes;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Tests.Modules;

namespace Moiety.Training.Tests;

/// <summary>A training that starts from a checkpoint starts with its weights, and what it exports is of the same family.</summary>
public sealed class InitialModelTests : IDisposable
{
    private static readonly int[] Tokens = [1, 2, 3, 250, 7, 40];
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Checkpoints => new()
    {
        { "llama", "base" },
        { "llama", "base.gguf" },
        { "mixtral", "base" },
        { "qwen3", "base" },
        { "gpt2", "base" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void A_run_starts_from_the_weights_of_its_checkpoint_and_exports_the_same_family(string family, string name)
    {
        string path = Base(Model(family), name);
        TrainingConfig config = Config(path);
        using Trainer trainer = Trainer.Open(config, _folder["run"], resume: false);
        using Checkpoint initial = Checkpoint.Open(path);
        using (DecoderModule loaded = TorchCheckpointLoader.Load(initial))
        {
            Assert.Equal(loaded.Logits(Tokens), trainer.Model.Logits(Tokens));
        }

        Assert.True(trainer.Run().Completed);
        trainer.Export(_folder["model"]);
        using Checkpoint exported = Checkpoint.Open(_folder["model"]);
        Assert.Equal(family, exported.Config.Family);
        Assert.Equal(initial.Tokenizer!.Encode("Anna has a book."), exported.Tokenizer!.Encode("Anna has a book."));
        using DecoderModule reloaded = TorchCheckpointLoader.Load(exported);
        float[] trained = trainer.Model.Logits(Tokens);
        Assert.All(trained.Zip(reloaded.Logits(Tokens)), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void A_quantized_model_is_decoded_to_start_from()
    {
        ModelConfig model = Model("llama");
        string path = Base(model, "base.gguf", StorageFormats.Q8_0);
        using Trainer trainer = Trainer.Open(Config(path), _folder["run"], resume: false);
        using Checkpoint initial = Checkpoint.Open(path);
        Assert.Equal("Q8_0", initial.Describe(TensorNames.Down(0)).Format.Name, ignoreCase: true);
        using DecoderModule loaded = TorchCheckpointLoader.Load(initial);
        Assert.Equal(loaded.Logits(Tokens), trainer.Model.Logits(Tokens));
    }

    [Fact]
    public void A_run_that_started_from_a_checkpoint_resumes_bit_by_bit()
    {
        string path = Base(Model("llama"), "base");
        TrainingConfig config = Config(path);
        float[] whole = Train(config, _folder["whole"], resume: false);
        Train(config with { Steps = 2, Schedule = config.Schedule with { WarmupSteps = 2 } }, _folder["parts"], resume: false);
        Directory.Delete(_folder["parts/checkpoints/step-00000002"], recursive: true);
        Assert.Equal(whole, Train(config, _folder["parts"], resume: true));
    }

    [Fact]
    public void An_export_in_the_middle_of_a_run_has_the_weights_of_the_newest_checkpoint()
    {
        string path = Base(Model("llama"), "base");
        TrainingConfig config = Config(path) with { CheckpointInterval = 2, Steps = 4 };
        InvalidInputException none = Assert.Throws<InvalidInputException>(() => RunExport.Write(config, _folder["run"], _folder["early"]));
        Assert.Contains("no checkpoint", none.Message, StringComparison.Ordinal);
        using Trainer trainer = Trainer.Open(config, _folder["run"], resume: false);
        trainer.Run();

        // The run still holds its folder.
        Assert.Equal(4, RunExport.Write(config, _folder["run"], _folder["middle"]));
        trainer.Export(_folder["model"]);
        Assert.Equal(File.ReadAllBytes(_folder["model/model.safetensors"]), File.ReadAllBytes(_folder["middle/model.safetensors"]));
        Assert.Contains("seed", Assert.ThrowsAny<InvalidInputException>(() => RunExport.Write(config with { Seed = 9 }, _folder["run"], _folder["other"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_section_must_agree_with_the_checkpoint()
    {
        Base(Model("llama"), "base");
        Config("base", """ "model": { "hidden_size": 32, "heads": 2, "kv_heads": 1, "context_length": 64, "norm_epsilon": 1e-5, "layers": [ { "intermediate_size": 32, "repeat": 2 } ] } """);
        Refused("the hidden_size is 16 here and 32", """ "model": { "hidden_size": 16, "heads": 2, "kv_heads": 1, "context_length": 64, "layers": [ { "intermediate_size": 32, "repeat": 2 } ] } """);
        Refused("number of layers is 3 here and 2", """ "model": { "hidden_size": 32, "heads": 2, "kv_heads": 1, "context_length": 64, "layers": [ { "intermediate_size": 32, "repeat": 3 } ] } """);
        Refused("feed-forward of layer 1 is 4 experts", """ "model": { "hidden_size": 32, "heads": 2, "kv_heads": 1, "context_length": 64, "layers": [ { "intermediate_size": 32 }, { "experts": 4, "expert_size": 32 } ] } """);
    }

    [Fact]
    public void What_cannot_be_a_start_is_refused_with_the_reason()
    {
        string path = Base(Model("llama"), "base");
        Assert.Contains("nowhere", Assert.ThrowsAny<InvalidInputException>(() => Config("nowhere")).Message, StringComparison.Ordinal);
        Assert.Contains("moiety pull", Assert.ThrowsAny<InvalidInputException>(() => Config("some/model")).Message, StringComparison.Ordinal);

        // A vocabulary larger than the model's.
        TokenizerJson.WriteFolder(SmallCorpus.Tokenizer(310), _folder["large"]);
        TrainingConfig config = Config(path) with { TokenizerPath = _folder["large"] };
        Assert.Contains("310 tokens", Assert.ThrowsAny<InvalidInputException>(() => Trainer.Open(config, _folder["run"], resume: false).Dispose()).Message, StringComparison.Ordinal);

        // A weight that is not a number.
        using DecoderModule module = TinyModules.Random(Model("llama"));
        module.GetParameter(TensorNames.Down(1))[3] = float.NaN;
        Directory.Delete(path, recursive: true);
        Assert.ThrowsAny<InvalidInputException>(() => Write(module, "base", null));
    }

    [Fact]
    public void The_embedded_model_is_a_start()
    {
        SmallCorpus.Write(_folder.Path);
        TrainingConfig config = Config("embedded");
        Assert.Equal(EmbeddedModel.Path, config.InitialModel);
        Assert.True(config.Model.LayerCount > 1);
    }

    private static ModelConfig Model(string family)
    {
        ModelConfig config = TinyModules.Config(new FeedForwardConfig { IntermediateSize = 32 }, new FeedForwardConfig { IntermediateSize = 32 }) with
        {
            Family = family,
            VocabularySize = 304,
            HiddenSize = 32,
            HeadCount = 2,
            KeyValueHeadCount = 1,
            HeadSize = 16,
            ContextLength = 64,
            Rotary = new RotaryConfig { Theta = 10000 },
            EosTokenIds = [0],
        };
        FeedForwardConfig experts = new() { IntermediateSize = 0, Moe = new MoeConfig { ExpertCount = 4, TopK = 2, ExpertIntermediateSize = 32, NormalizeTopK = true } };
        return family switch
        {
            "mixtral" => config with { FeedForwards = [experts, experts] },
            "qwen3" => config with { Attention = new AttentionConfig { QueryKeyNorm = QueryKeyNorm.PerHead } },
            "gpt2" => config with
            {
                KeyValueHeadCount = 2,
                Norm = NormKind.Layer,
                Rotary = null,
                LearnedPositions = 64,
                Attention = new AttentionConfig { QueryKeyValueBias = true, OutputBias = true },
                FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 128, Activation = Activation.GeluTanh, Bias = true }, 2)],
            },
            _ => config,
        };
    }

    private string Base(ModelConfig model, string name, StorageFormat? format = null)
    {
        SmallCorpus.Write(_folder.Path);
        using DecoderModule module = TinyModules.Random(model);
        return Write(module, name, format);
    }

    private string Write(DecoderModule module, string name, StorageFormat? format)
    {
        TensorSource source = TensorSource.From((tensor, destination) => module.GetParameter(tensor.Name).CopyTo(destination));
        Tokenizer tokenizer = SmallCorpus.Tokenizer(300);
        if (name.EndsWith(".gguf", StringComparison.Ordinal))
        {
            GgufOptions options = new() { FormatFor = format is null ? null : tensor => tensor.IsVector ? StorageFormats.F32 : format };
            return GgufWriter.Write(_folder[name], module.Config, source, tokenizer, options)[0];
        }

        HuggingFaceWriter.Write(_folder[name], module.Config, source, tokenizer);
        return _folder[name];
    }

    private void Refused(string reason, string section)
    {
        string message = Assert.ThrowsAny<InvalidInputException>(() => Config("base", section)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains(_folder["base"], message, StringComparison.Ordinal);
    }

    private TrainingConfig Config(string init, string more = "")
    {
        string json = $$"""
            {
              "init": {{JsonValue.Create(init).ToJsonString()}},
              "data": { "train": "train.txt", "validation": "valid.txt" },
              "training": { "sequence_length": 16, "batch_size": 4, "threads": 1, "steps": 3, "precision": "f32" },
              "optimizer": { "learning_rate": 1e-3, "warmup_steps": 2 },
              "intervals": { "log": 1, "checkpoint": 1, "keep": 3, "evaluation": 0 }
              {{(more.Length > 0 ? "," : "")}} {{more}}
            }
            """;
        return TrainingConfigReader.Parse(json, _folder["train.json"]);
    }

    private static float[] Train(TrainingConfig config, string folder, bool resume)
    {
        using Trainer trainer = Trainer.Open(config, folder, resume);
        Assert.True(trainer.Run().Completed);
        return [.. trainer.Model.Store.Values.data<float>()];
    }
}
