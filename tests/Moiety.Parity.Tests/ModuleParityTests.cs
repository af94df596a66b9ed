using System.Numerics.Tensors;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Training.Modules;
using TorchSharp;

namespace Moiety.Parity.Tests;

/// <summary>The trainer's module and the engine compute the same function of the same checkpoint folder.</summary>
public class ModuleParityTests
{
    private const double Bound = 1e-5;

    // The trainer's family rotates pairs (i, i + d/2); it has no interleaved model.
    public static TheoryData<string> Models => [.. SmallModels.All.Where(model => !model.Value.Rotary!.Interleaved).Select(model => model.Key).Order(StringComparer.Ordinal)];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(100, 60)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_and_greedy_text_of_module_and_engine_are_the_same(string model)
    {
        ModelConfig config = SmallModels.All[model];
        using DecoderModule module = RandomModule(config);
        using TemporaryFolder folder = new();
        HuggingFaceWriter.Write(
            folder["model"], config, TensorSource.From((tensor, values) => module.GetParameter(tensor.Name).CopyTo(values)), tokenizer: null);
        using Checkpoint checkpoint = Checkpoint.Open(folder["model"]);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());

        int[] tokens = RandomTokens.Draw(3, 120, config.VocabularySize);
        foreach (int length in new[] { 1, 2, 33, 120 })
        {
            float[][] expected = Rows(module, tokens.AsSpan(0, length));
            Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, tokens.AsSpan(0, length))), 0, Bound);
        }

        Assert.Equal(Greedy(module, tokens.AsSpan(0, 12), 32), EngineRun.Greedy(engine, tokens.AsSpan(0, 12), 32));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Plain_loops_agree_with_the_module(string model)
    {
        ModelConfig config = SmallModels.All[model];
        using RandomCheckpoint checkpoint = new(config, 11);
        using DecoderModule module = RandomModule(config);
        int[] tokens = RandomTokens.Draw(4, 40, config.VocabularySize);
        Assert.InRange(LogitDistance.Relative(new ReferenceDecoder(checkpoint).Forward(tokens).Logits, Rows(module, tokens)), 0, Bound);
    }

    // Whatever a configuration can describe and the trainer trains.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_architectures_have_the_same_logits_in_module_and_engine(int seed)
    {
        ModelConfig config = TrainableConfig.Draw((ulong)seed);
        using RandomCheckpoint checkpoint = new(config, 11);
        using DecoderModule module = RandomModule(config);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        int[] tokens = RandomTokens.Draw((ulong)seed, 60, config.VocabularySize);
        Assert.InRange(LogitDistance.Relative(Rows(module, tokens), EngineRun.AllLogits(engine, tokens)), 0, Bound);
    }

    [Theory]
    [InlineData(nameof(ModelConfig.IsEncoder))]
    [InlineData(nameof(ModelConfig.TokenTypeCount))]
    public void What_the_trainer_does_not_compute_is_refused_by_name(string feature)
    {
        ModelConfig config = feature switch
        {
            nameof(ModelConfig.IsEncoder) => SmallModels.Dense with { IsEncoder = true },
            _ => SmallModels.Dense with { TokenTypeCount = 2 },
        };
        Assert.Contains(feature, Assert.Throws<InvalidInputException>(() => new DecoderModule(config)).Message, StringComparison.Ordinal);
    }

    // Weights as the shared random checkpoint has them: the module's own initialization is so small that every token is
    // nearly as likely as any other.
    private static DecoderModule RandomModule(ModelConfig config)
    {
        using RandomCheckpoint weights = new(config, 11, StorageFormats.F32);
        DecoderModule module = new(config);
        // OpenMP's threads spin between products: on a busy machine, two take far longer than one over matrices this small.
        torch.set_num_threads(1);
        foreach (string name in module.ParameterNames)
        {
            weights.Values(name).CopyTo(module.GetParameter(name));
        }

        return module;
    }

    private static float[][] Rows(DecoderModule module, ReadOnlySpan<int> tokens) =>
        [.. module.Logits(tokens).Chunk(module.Config.VocabularySize)];

    private static int[] Greedy(DecoderModule module, ReadOnlySpan<int> prompt, int count)
    {
        List<int> tokens = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            tokens.Add(TensorPrimitives.IndexOfMax<float>(Rows(module, tokens.ToArray())[^1]));
        }

        return [.. tokens.Skip(prompt.Length)];
    }
}
