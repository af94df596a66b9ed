using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.TrainingSpeed;

/// <summary>Tokens per second of processor time of whole optimizer steps: forward, backward, update.</summary>
internal static class StepCommand
{
    private const int Separator = 0;

    internal static Command Create()
    {
        Option<string> model = new("--model") { Description = "embedded (hidden 256) or small (hidden 128).", DefaultValueFactory = _ => "embedded" };
        Option<int> steps = new("--steps") { Description = "Steps to measure.", DefaultValueFactory = _ => 20 };
        Option<int> threads = new("--threads") { Description = "Threads.", DefaultValueFactory = _ => 1 };
        Option<bool> single = new("--f32") { Description = "F32 products instead of bfloat16." };
        Option<bool> plain = new("--plain") { Description = "Plain causal attention: documents are not isolated." };
        Command command = new("step", "Measures whole training steps.") { model, steps, threads, single, plain };
        command.SetAction(result => Run(
            result.GetValue(model) == "small" ? Small() : Embedded(),
            result.GetValue(steps),
            result.GetValue(threads),
            result.GetValue(single) ? ComputePrecision.F32 : ComputePrecision.BF16,
            !result.GetValue(plain)));
        return command;
    }

    private static void Run((ModelConfig Model, int Batch, int Length) shape, int steps, int threads, ComputePrecision precision, bool isolates)
    {
        TorchLibrary.EnsureLoaded();
        set_num_threads(threads);
        using DecoderModule module = new(shape.Model);
        module.Initialize(1);
        using AdamW optimizer = new(module.Store, new AdamWOptions());
        Xoshiro256 random = new(1);
        using Process process = Process.GetCurrentProcess();
        const int Warmup = 12;
        TimeSpan start = default;
        double loss = 0;
        for (int step = 1; step <= steps + Warmup; step++)
        {
            if (step == Warmup + 1)
            {
                process.Refresh();
                start = process.TotalProcessorTime;
            }

            using DisposeScope scope = NewDisposeScope();
            long[] tokens = Documents(shape.Model.VocabularySize, shape.Batch * shape.Length, ref random);
            module.Store.ZeroGradients();
            ForwardPass pass = new(precision, capacity: null, seed: (ulong)step, trackRouterLosses: true) { IsolatesDocuments = isolates };
            TrainingPassResult result = module.ForwardBackward(
                tensor(tokens, shape.Batch, shape.Length), tensor(tokens[1..].Append(Separator).ToArray()), pass, new LossWeights(0.01, 0.001, 1));
            optimizer.Step(step, 1e-3, threads);
            loss = result.CrossEntropySum / tokens.Length;
        }

        process.Refresh();
        double seconds = (process.TotalProcessorTime - start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{steps} steps of {shape.Batch} x {shape.Length} tokens, {module.ParameterCount / 1e6:F1} M parameters: {steps * shape.Batch * shape.Length / seconds:F0} tokens per CPU second; last loss {loss:F4}"));
    }

    // Documents of 60 to 180 tokens, as the story world's are, drawn so that there is something to learn.
    private static long[] Documents(int vocabulary, int count, ref Xoshiro256 random)
    {
        long[] tokens = new long[count];
        int end = 0;
        for (int i = 0; i < count; i++)
        {
            if (i == end)
            {
                end = i + 60 + random.NextInt32(121);
                tokens[i] = Separator;
            }
            else
            {
                tokens[i] = 1 + (long)((vocabulary - 1) * Math.Pow(random.NextDouble(), 3));
            }
        }

        return tokens;
    }

    // The embedded model's recipe.
    private static (ModelConfig Model, int Batch, int Length) Embedded()
    {
        FeedForwardConfig dense = new() { IntermediateSize = 384 };
        FeedForwardConfig eight = Experts(384, 8, 384);
        return (Model(256, 4, 2, 4096, 512, [dense, eight, dense, eight, dense, Experts(384, 16, 384)]), 4, 512);
    }

    // What the experiments train.
    private static (ModelConfig Model, int Batch, int Length) Small()
    {
        FeedForwardConfig dense = new() { IntermediateSize = 256 };
        FeedForwardConfig experts = Experts(0, 16, 256);
        return (Model(128, 2, 2, 1024, 256, [dense, experts, dense, experts, dense, experts]), 8, 256);
    }

    private static FeedForwardConfig Experts(int fixedSize, int count, int size) => new()
    {
        IntermediateSize = fixedSize,
        Moe = new MoeConfig { ExpertCount = count, TopK = 1, ExpertIntermediateSize = size, NormalizeTopK = false, Residual = fixedSize > 0 },
    };

    private static ModelConfig Model(int hidden, int heads, int groups, int vocabulary, int length, FeedForwardConfig[] layers) => new()
    {
        Family = "moiety_moe",
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        HeadCount = heads,
        KeyValueHeadCount = groups,
        HeadSize = 64,
        ContextLength = length,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10000 },
        TieWordEmbeddings = true,
        EosTokenIds = [Separator],
        FeedForwards = [.. layers],
    };
}
