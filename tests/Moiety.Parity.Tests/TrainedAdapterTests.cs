using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Parity.Tests.Models;
using Moiety.Training;
using Moiety.Training.Configuration;

namespace Moiety.Parity.Tests;

/// <summary>An adapter is in the engine what it was in the trainer, alone and beside others, with and without experts.</summary>
public sealed class TrainedAdapterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", "base", "")]
    [InlineData("llama", "base.gguf", "")]
    [InlineData("llama", "base", """, "experts": 4, "top_k": 2""")]
    [InlineData("llama", "base.gguf", """, "experts": 4, "top_k": 1""")]
    [InlineData("moiety_moe", "base", "")]
    [InlineData("moiety_moe", "base", """, "experts": 8, "top_k": 3""")]
    public void Logits_of_the_trainer_are_those_of_the_engine(string family, string name, string experts)
    {
        string path = WriteBase(family, name);
        TrainingConfig config = TrainingConfigReader.Parse(
            $$"""
            {
              "init": "{{name}}",
              "adapter": { "rank": 4, "targets": ["q_proj", "k_proj", "o_proj", "mlp.down_proj"] {{experts}} },
              "data": { "train": "train.txt" },
              "training": { "sequence_length": 32, "batch_size": 4, "threads": 1, "steps": 8, "precision": "f32" },
              "optimizer": { "learning_rate": 3e-2, "warmup_steps": 1 }
            }
            """, _folder["train.json"]);
        using Trainer trainer = Trainer.Open(config, _folder["run"], resume: false);
        trainer.Run();
        trainer.Export(_folder["adapter"]);

        using Checkpoint checkpoint = Checkpoint.Open(path);
        LoraAdapter adapter = LoraAdapter.Open(_folder["adapter"], checkpoint);
        Assert.Equal(experts.Length > 0, adapter.Banks.Count > 0);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        int[] tokens = RandomTokens.Draw(3, 40, 300);
        float[][] trained = [.. trainer.Model.Logits(tokens).Chunk(checkpoint.Config.VocabularySize)];
        Assert.InRange(LogitDistance.Relative(trained, Adapted(engine, adapter, tokens)), 0, 1e-5);
        Assert.True(LogitDistance.Relative(trained, EngineRun.AllLogits(engine, tokens)) > 0.01);
        if (experts.Length == 0)
        {
            string merged = CheckpointWriter.Write(_folder["merged"], checkpoint, new MergedTensorSource(checkpoint, adapter), checkpoint.Tokenizer);
            using Checkpoint whole = Checkpoint.Open(merged);
            using Engine one = Engine.Open(whole, EngineRun.Exact());
            Assert.InRange(LogitDistance.Relative(trained, EngineRun.AllLogits(one, tokens)), 0, 1e-5);
        }
    }

    [Fact]
    public void Experts_answer_the_same_alone_in_a_batch_in_pieces_and_with_any_number_of_threads()
    {
        using Checkpoint checkpoint = Checkpoint.Open(WriteBase("llama", "base"));
        LoraAdapter?[] adapters = [Random(checkpoint, 1, 8, 2), null, Random(checkpoint, 2, 4, 1), RandomPlain(checkpoint), Random(checkpoint, 1, 8, 2)];
        int[] tokens = RandomTokens.Draw(5, 24, 300);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact(threads: 2));
        using Engine single = Engine.Open(checkpoint, EngineRun.Exact());
        Batch batch = new();
        KvCache[] caches = [.. adapters.Select(_ => engine.CreateCache())];
        for (int i = 0; i < adapters.Length; i++)
        {
            batch.Add(caches[i], tokens.AsSpan(0, 12 + i), LogitsWanted.Last, adapters[i] is { } adapter ? new ForwardPlan { Adapter = adapter } : null);
        }

        StepResult result = engine.Step(batch);
        float[][] together = [.. Enumerable.Range(0, adapters.Length).Select(i => result.Logits(i).ToArray())];
        for (int i = 0; i < adapters.Length; i++)
        {
            Assert.Equal(Adapted(engine, adapters[i], tokens[..(12 + i)])[^1], together[i]);
            Assert.Equal(Adapted(single, adapters[i], tokens[..(12 + i)])[^1], together[i]);
            Assert.Equal(Adapted(single, adapters[i], tokens[..(12 + i)], chunk: 5)[^1], together[i]);
        }

        foreach (KvCache cache in caches)
        {
            cache.Dispose();
        }
    }

    [Fact]
    public void Experts_are_not_merged_and_what_is_wrong_with_their_files_is_named()
    {
        using Checkpoint checkpoint = Checkpoint.Open(WriteBase("llama", "base"));
        LoraAdapter adapter = Random(checkpoint, 1, 4, 2);
        Assert.Contains("cannot be merged", Assert.Throws<InvalidInputException>(() => new MergedTensorSource(checkpoint, adapter)).Message, StringComparison.Ordinal);
        PeftAdapterWriter.Write(_folder["good"], checkpoint.Config, adapter, new PeftAdapterOptions("base", ["q_proj"]));
        Assert.Equal(adapter.Parameters, LoraAdapter.Open(_folder["good"], checkpoint).Parameters);
        Refused("\"peft_type\": \"MOIETY_LORA_EXPERTS\"", "\"peft_type\": \"LORA\"", "lora_router");
        Refused("\"num_experts\": 4", "\"num_experts\": 3", "3 experts");
        Refused("\"num_experts\": 4", "\"num_experts\": 0", "num_experts");
        Refused("\"num_experts\": 4", "\"num_experts\": 8", "have the rank 2");
        Refused("\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 5", "num_experts_per_tok");
        Refused("\"norm_topk_prob\": true", "\"other\": true", "norm_topk_prob");
        Refused("\"r\": 4", "\"r\": 3", "r");
        using Checkpoint other = Checkpoint.Open(WriteBase("moiety_moe", "other"));
        Assert.Contains("It is for another model", Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["good"], other)).Message, StringComparison.Ordinal);

        void Refused(string part, string replacement, string said)
        {
            string path = _folder["good/adapter_config.json"];
            string text = File.ReadAllText(path);
            Assert.Contains(part, text, StringComparison.Ordinal);
            File.WriteAllText(path, text.Replace(part, replacement, StringComparison.Ordinal));
            Assert.Contains(said, Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["good"], checkpoint)).Message, StringComparison.Ordinal);
            File.WriteAllText(path, text);
        }
    }

    private static float[][] Adapted(Engine engine, LoraAdapter? adapter, ReadOnlySpan<int> tokens, int chunk = int.MaxValue)
    {
        using KvCache cache = engine.CreateCache();
        List<float[]> rows = [];
        for (int start = 0; start < tokens.Length; start += Math.Min(chunk, tokens.Length))
        {
            int count = Math.Min(chunk, tokens.Length - start);
            Batch batch = new();
            batch.Add(cache, tokens.Slice(start, count), LogitsWanted.All, adapter is null ? null : new ForwardPlan { Adapter = adapter });
            StepResult result = engine.Step(batch);
            rows.AddRange(Enumerable.Range(0, count).Select(position => result.Logits(0, position).ToArray()));
        }

        return [.. rows];
    }

    private static LoraAdapter Random(Checkpoint checkpoint, ulong seed, int experts, int topK)
    {
        Xoshiro256 random = new(seed);
        Dictionary<string, LoraExpertBank> banks = [];
        foreach (AdaptableModule module in AdaptableModule.Of(checkpoint.Config).Where(module => module.Tensor.Role != TensorRole.Head))
        {
            float[] a = Draw(experts * 4 * module.Tensor.Columns, 0.2, ref random);
            float[] b = Draw(module.Tensor.Rows * experts * 4, 0.2, ref random);
            float[] router = Draw(experts * module.Tensor.Columns, 0.5, ref random);
            banks.Add(module.Tensor.Name, new LoraExpertBank(a, b, router, experts, topK, 4, 2, topK > 1));
        }

        return new LoraAdapter($"random {seed}", new Dictionary<string, LowRankUpdate>(), banks);
    }

    private static LoraAdapter RandomPlain(Checkpoint checkpoint)
    {
        Xoshiro256 random = new(4);
        TensorSpec query = TensorCatalog.For(checkpoint.Config).First(tensor => tensor.Role == TensorRole.Query);
        LowRankUpdate update = new(Draw(4 * query.Columns, 0.2, ref random), Draw(query.Rows * 4, 0.2, ref random), 4, 2);
        return new LoraAdapter("plain", new Dictionary<string, LowRankUpdate> { [query.Name] = update }, new Dictionary<string, LoraExpertBank>());
    }

    private static float[] Draw(int count, double deviation, ref Xoshiro256 random)
    {
        float[] values = new float[count];
        random.FillNormal(values, deviation);
        return values;
    }

    private string WriteBase(string family, string name)
    {
        ModelConfig config = family == "llama" ? Shapes.All["llama, 2 queries per key, heads of 32"] : SmallModels.Pyramid with { VocabularySize = 300 };
        using RandomCheckpoint random = new(config, 5);
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => $"Anna {i} has a book and Ben {i * 7 % 13} wants it.")];
        File.WriteAllText(_folder["train.txt"], string.Join("\n<|endoftext|>\n", texts));
        return CheckpointWriter.Write(_folder[name], random, TensorSource.From(random), StoryTokenizer.Train(config.VocabularySize));
    }
}
