using System.Text.Json.Nodes;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.LlamaCpp;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Parity.Tests.Models;

namespace Moiety.Parity.Tests;

/// <summary>An adapter beside the weights says what a model with the adapter merged in says, and what llama.cpp says with it.</summary>
public sealed class AdapterTests : IDisposable
{
    private static readonly int[] Tokens = RandomTokens.Draw(3, 24, 300);
    private readonly TemporaryFolder _folder = new();

    private static ModelConfig Llama => Shapes.All["llama, 2 queries per key, heads of 32"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("folder", false)]
    [InlineData("model.gguf", false)]
    [InlineData("folder", true)]
    public void An_adapter_beside_the_weights_is_the_adapter_merged_in(string container, bool stabilized)
    {
        using Checkpoint checkpoint = Write(Llama, container);
        Peft(Llama, 1).WritePeft(_folder["adapter"], config => config["use_rslora"] = stabilized);
        LoraAdapter adapter = LoraAdapter.Open(_folder["adapter"], checkpoint);
        Assert.All(adapter.Updates.Values, update => Assert.Equal(stabilized ? 4f : 2f, update.Scale));
        string merged = CheckpointWriter.Write(_folder[$"merged-{container}"], checkpoint, new MergedTensorSource(checkpoint, adapter), checkpoint.Tokenizer);
        using Checkpoint mergedCheckpoint = Checkpoint.Open(merged);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        using Engine expected = Engine.Open(mergedCheckpoint, EngineRun.Exact());
        float[][] logits = EngineRun.AllLogits(expected, Tokens);
        Assert.InRange(LogitDistance.Relative(logits, Adapted(engine, adapter)), 0, 1e-5);
        using Engine always = Engine.Open(checkpoint, EngineRun.Exact() with { Adapter = adapter });
        Assert.Equal(Adapted(engine, adapter), EngineRun.AllLogits(always, Tokens));

        // It does change what the model says.
        Assert.True(LogitDistance.Relative(logits, EngineRun.AllLogits(engine, Tokens)) > 0.01);
    }

    [Fact]
    public void An_adapter_changes_experts_and_the_head_too()
    {
        ModelConfig config = Shapes.All["mixtral, 4 experts"];
        using RandomCheckpoint random = new(config, 5);
        SteadyRouting.Apply(random);
        using Checkpoint checkpoint = Write(random, "folder");
        AdapterFiles files = new(4);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            for (int expert = 0; expert < 4; expert++)
            {
                files.Add($"model.layers.{layer}.block_sparse_moe.experts.{expert}.w1", 96, config.HiddenSize, 4);
                files.Add($"model.layers.{layer}.block_sparse_moe.experts.{expert}.w2", config.HiddenSize, 96, 4);
            }
        }

        files.Add("lm_head", config.VocabularySize, config.HiddenSize, 4);
        files.WritePeft(_folder["adapter"]);
        LoraAdapter adapter = LoraAdapter.Open(_folder["adapter"], checkpoint);
        using Checkpoint merged = Checkpoint.Open(CheckpointWriter.Write(_folder["merged"], checkpoint, new MergedTensorSource(checkpoint, adapter), null));
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        using Engine expected = Engine.Open(merged, EngineRun.Exact());
        Assert.InRange(LogitDistance.Relative(EngineRun.AllLogits(expected, Tokens), Adapted(engine, adapter)), 0, 1e-5);
    }

    [Fact]
    public void Requests_with_different_adapters_in_one_batch_are_as_each_alone()
    {
        using Checkpoint checkpoint = Write(Llama, "folder");
        LoraAdapter?[] adapters = [null, Open(checkpoint, 1), Open(checkpoint, 2), null, Open(checkpoint, 1)];
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact(threads: 2));
        Batch batch = new();
        KvCache[] caches = [.. adapters.Select(_ => engine.CreateCache())];
        for (int index = 0; index < adapters.Length; index++)
        {
            batch.Add(caches[index], Tokens.AsSpan(0, 10 + index), LogitsWanted.Last, adapters[index] is { } adapter ? new ForwardPlan { Adapter = adapter } : null);
        }

        StepResult result = engine.Step(batch);
        float[][] together = [.. Enumerable.Range(0, adapters.Length).Select(index => result.Logits(index).ToArray())];
        for (int index = 0; index < adapters.Length; index++)
        {
            float[][] alone = adapters[index] is { } adapter ? Adapted(engine, adapter, 10 + index) : EngineRun.AllLogits(engine, Tokens.AsSpan(0, 10 + index));
            Assert.Equal(alone[^1], together[index]);
        }

        foreach (KvCache cache in caches)
        {
            cache.Dispose();
        }
    }

    [Fact]
    public void A_gguf_adapter_says_what_llama_cpp_says_with_it()
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        using Checkpoint checkpoint = Write(Llama, "model.gguf");
        AdapterFiles files = new(6);
        for (int layer = 0; layer < Llama.LayerCount; layer++)
        {
            files.Add($"blk.{layer}.attn_q", Llama.HeadCount * Llama.HeadSize, Llama.HiddenSize, 4);
            files.Add($"blk.{layer}.attn_k", Llama.KeyValueHeadCount * Llama.HeadSize, Llama.HiddenSize, 4);
            files.Add($"blk.{layer}.ffn_down", Llama.HiddenSize, Llama.FeedForwards[layer].IntermediateSize, 8);
        }

        files.WriteGguf(_folder["adapter.gguf"], "llama", 12);
        LoraAdapter adapter = LoraAdapter.Open(_folder["adapter.gguf"], checkpoint);
        using LlamaCppModel oracle = new(library, _folder["model.gguf"]);
        using LlamaCppContext context = oracle.CreateContext(Llama.ContextLength);
        float[][] plain = context.AllLogits(Tokens);
        using LlamaCppAdapter applied = new(library, oracle, _folder["adapter.gguf"]);
        context.Apply(applied);
        float[][] expected = context.AllLogits(Tokens);
        Assert.True(LogitDistance.Relative(expected, plain) > 0.01);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        Assert.InRange(LogitDistance.Relative(expected, Adapted(engine, adapter)), 0, 1e-5);
    }

    [Fact]
    public void Ranks_and_alphas_of_single_modules_are_PEFTs()
    {
        using Checkpoint checkpoint = Write(Llama, "folder");
        AdapterFiles files = new(1);
        files.Add("model.layers.0.self_attn.q_proj", Llama.HeadCount * Llama.HeadSize, Llama.HiddenSize, 4);
        files.Add("model.layers.1.self_attn.q_proj", Llama.HeadCount * Llama.HeadSize, Llama.HiddenSize, 8);
        files.Add("model.layers.0.mlp.up_proj", Llama.FeedForwards[0].IntermediateSize, Llama.HiddenSize, 4);
        files.WritePeft(_folder["adapter"], config =>
        {
            config["rank_pattern"] = new JsonObject { ["layers.1.self_attn.q_proj"] = 8 };
            config["alpha_pattern"] = new JsonObject { ["mlp.up_proj"] = 20, [".*.layers.1.*q_proj"] = 4 };
        });
        LoraAdapter adapter = LoraAdapter.Open(_folder["adapter"], checkpoint);
        Assert.Equal(2f, adapter.Updates[TensorNames.Query(0)].Scale);
        Assert.Equal(0.5f, adapter.Updates[TensorNames.Query(1)].Scale);
        Assert.Equal(5f, adapter.Updates[TensorNames.Up(0)].Scale);
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"")]
    [InlineData("use_dora", "true")]
    [InlineData("bias", "\"all\"")]
    [InlineData("modules_to_save", "[\"lm_head\"]")]
    [InlineData("init_lora_weights", "\"pissa_niter_4\"")]
    [InlineData("layer_replication", "[[0, 2]]")]
    [InlineData("alora_invocation_tokens", "[1]")]
    [InlineData("r", "8")]
    [InlineData("alpha_pattern", "{\"(?=a)\": 3}")]
    public void What_is_not_computed_is_refused_by_name(string field, string value)
    {
        using Checkpoint checkpoint = Write(Llama, "folder");
        Peft(Llama, 1).WritePeft(_folder["adapter"], config => config[field] = JsonNode.Parse(value));
        Assert.Contains(field == "alpha_pattern" ? "(?=a)" : field, Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["adapter"], checkpoint)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused_with_both_names()
    {
        using Checkpoint checkpoint = Write(Llama, "folder");
        Peft(Llama with { HiddenSize = 64 }, 1).WritePeft(_folder["wide"]);
        InvalidInputException error = Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["wide"], checkpoint));
        Assert.Contains("wide", error.Message, StringComparison.Ordinal);
        Assert.Contains(checkpoint.Path, error.Message, StringComparison.Ordinal);
        new AdapterFiles(1).Add("transformer.h.0.attn.c_attn", 96, 32, 4).WritePeft(_folder["other"]);
        Assert.Contains("c_attn", Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["other"], checkpoint)).Message, StringComparison.Ordinal);
        new AdapterFiles(1).Add("blk.0.attn_q", 96, 32, 4).WriteGguf(_folder["other.gguf"], "qwen2", 8);
        Assert.Contains("qwen2", Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["other.gguf"], checkpoint)).Message, StringComparison.Ordinal);

        // Models of the hub know their names.
        string cached = Path.Combine(_folder.Path, "models--one--model", "snapshots", "0123456789abcdef0123456789abcdef01234567");
        Directory.CreateDirectory(Path.GetDirectoryName(cached)!);
        Directory.Move(_folder["folder"], cached);
        using Checkpoint named = Checkpoint.Open(cached);
        Peft(Llama, 1).WritePeft(_folder["mine"], config => config["base_model_name_or_path"] = "One/model");
        LoraAdapter.Open(_folder["mine"], named);
        Peft(Llama, 1).WritePeft(_folder["stranger"], config => config["base_model_name_or_path"] = "two/model");
        string message = Assert.ThrowsAny<InvalidInputException>(() => LoraAdapter.Open(_folder["stranger"], named)).Message;
        Assert.Contains("two/model", message, StringComparison.Ordinal);
        Assert.Contains("one/model", message, StringComparison.Ordinal);
    }

    private static AdapterFiles Peft(ModelConfig config, ulong seed)
    {
        AdapterFiles files = new(seed);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            int queries = config.HeadCount * config.HeadSize;
            int keys = config.KeyValueHeadCount * config.HeadSize;
            string prefix = $"model.layers.{layer}";
            files.Add($"{prefix}.self_attn.q_proj", queries, config.HiddenSize, 4);
            files.Add($"{prefix}.self_attn.k_proj", keys, config.HiddenSize, 4);
            files.Add($"{prefix}.self_attn.v_proj", keys, config.HiddenSize, 4);
            files.Add($"{prefix}.self_attn.o_proj", config.HiddenSize, queries, 4);
            files.Add($"{prefix}.mlp.gate_proj", config.FeedForwards[layer].IntermediateSize, config.HiddenSize, 4);
            files.Add($"{prefix}.mlp.down_proj", config.HiddenSize, config.FeedForwards[layer].IntermediateSize, 4);
        }

        return files;
    }

    private static float[][] Adapted(Engine engine, LoraAdapter adapter, int count = int.MaxValue)
    {
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, Tokens.AsSpan(0, Math.Min(count, Tokens.Length)), LogitsWanted.All, new ForwardPlan { Adapter = adapter });
        StepResult result = engine.Step(batch);
        return [.. Enumerable.Range(0, Math.Min(count, Tokens.Length)).Select(position => result.Logits(0, position).ToArray())];
    }

    private LoraAdapter Open(Checkpoint checkpoint, ulong seed)
    {
        Peft(Llama, seed).WritePeft(_folder[$"adapter-{seed}"]);
        return LoraAdapter.Open(_folder[$"adapter-{seed}"], checkpoint);
    }

    private Checkpoint Write(ModelConfig config, string container)
    {
        using RandomCheckpoint random = new(config, 5);
        return Write(random, container);
    }

    private Checkpoint Write(RandomCheckpoint random, string container) =>
        Checkpoint.Open(CheckpointWriter.Write(_folder[container], random, TensorSource.From(random), StoryTokenizer.Train(random.Config.VocabularySize)));
}
