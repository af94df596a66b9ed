using System.Runtime.InteropServices;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Checkpoints;
using Moiety.Training.Configuration;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Optimization;
using Moiety.Training.Tests.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests;

/// <summary>
/// What another device computes is what the processor does: libtorch's operations in place of the kernels, parameters that the host
/// sees through copies. It is checked on the processor with the kernels off, and on a GPU where there is one.
/// </summary>
public class TrainingDeviceTests
{
    static TrainingDeviceTests() => TorchLibrary.EnsureLoaded();

    public static TheoryData<string> Kinds => ["dense", "top-1 residual", "top-2", "interleaved", "norms of heads", "soft cap", "shared"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Without_kernels_losses_gradients_and_steps_are_the_same(string kind) => Compare(kind, TrainingDevice.CpuWithoutKernels, ComputePrecision.F32, 2e-5);

    [Fact]
    public void Without_kernels_bfloat16_training_is_nearly_the_same() => Compare("top-1 residual", TrainingDevice.CpuWithoutKernels, ComputePrecision.BF16, 0.03);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_gpu_gives_the_same_losses_gradients_and_steps(string kind)
    {
        Assert.SkipUnless(TrainingDevice.WhyNoCuda() is null, $"no GPU: {TrainingDevice.WhyNoCuda()}");
        Compare(kind, TrainingDevice.Open("cuda"), ComputePrecision.F32, 1e-3);
    }

    [Fact]
    public void A_gpu_trains_in_bfloat16()
    {
        Assert.SkipUnless(TrainingDevice.WhyNoCuda() is null, $"no GPU: {TrainingDevice.WhyNoCuda()}");
        Compare("top-1 residual", TrainingDevice.Open("cuda"), ComputePrecision.BF16, 0.05);
    }

    [Fact]
    public void Devices_that_are_not_there_are_refused()
    {
        Assert.SkipWhen(TrainingDevice.WhyNoCuda() is null, "there is a GPU");
        string message = Assert.Throws<InvalidInputException>(() => TrainingDevice.Open("cuda")).Message;
        Assert.Contains("training.device: cuda cannot be used", message, StringComparison.Ordinal);
        Assert.Contains("\"device\": \"cpu\"", message, StringComparison.Ordinal);
        Assert.Contains("tpu", Assert.Throws<InvalidInputException>(() => TrainingDevice.Open("tpu")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_on_a_device_that_is_not_there_does_no_work()
    {
        Assert.SkipWhen(TrainingDevice.WhyNoCuda() is null, "there is a GPU");
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, training: ", \"device\": \"cuda\"");
        Assert.Contains("cuda", Assert.Throws<InvalidInputException>(() => Trainer.Open(config, folder["run"], resume: false)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void Values_are_the_same_from_both_sides_whoever_wrote_last()
    {
        using ParameterStore store = new(TrainingDevice.CpuWithoutKernels);
        Parameter first = store.Declare(("a", 2, 3));
        Parameter second = store.Declare(("b", 4, 0));
        store.Allocate();
        using IDisposable guard = no_grad();
        store.Span("a").Fill(2);
        Assert.Equal(12, first.Value.sum().ToDouble()); // The host wrote.
        store.Values.fill_(3); // The device wrote.
        Assert.Equal([3f, 3f, 3f, 3f], store.Span("b").ToArray());
        Assert.Equal([3f, 3f, 3f, 3f, 3f, 3f], store.Span("a").ToArray());
        store.Span("b")[1] = 5;
        Assert.Equal(14, second.Value.sum().ToDouble());
        store.Span("b")[2] = 7;
        using Tensor view = store.View("b");
        Assert.Equal(18, view.sum().ToDouble());
    }

    [Fact]
    public void A_checkpoint_goes_from_one_device_to_the_other()
    {
        using TemporaryFolder folder = new();
        using DecoderModule written = TinyModules.Random(Config("top-2"));
        using AdamW writer = new(written.Store, new AdamWOptions());
        CheckpointFolder checkpoints = new(folder.Path, 2);
        checkpoints.Save(new TrainingState(1, 2, 3), "f", written.Store, writer);
        using DecoderModule read = new(Config("top-2"), device: TrainingDevice.CpuWithoutKernels);
        using AdamW reader = new(read.Store, new AdamWOptions());
        CheckpointFolder.Load(checkpoints.Latest!, "f", read.Store, reader);
        foreach (string name in written.ParameterNames)
        {
            Assert.Equal(written.GetParameter(name).ToArray(), read.GetParameter(name).ToArray());
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 0.01)]
    public void Losses_of_the_head_are_the_same_by_operations(ScalarType type, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(3);
        Tensor logits = randn([9, 37], generator: generator).to(type);
        Tensor teacher = randn([9, 40], generator: generator).to(type);
        Tensor labels = tensor(Enumerable.Range(0, 9).Select(i => (long)(i * 4)).ToArray());
        (Tensor kernel, Tensor operations) = (logits.clone(), logits.clone());
        double expected = CrossEntropyLoss.SumAndGradientInPlace(kernel, labels, 0.5);
        Assert.Equal(expected, CrossEntropyLoss.ByOperations(operations, labels, 0.5), 1e-4);
        AssertClose(kernel, operations, tolerance);
        (kernel, operations) = (logits.clone(), logits.clone());
        (double, double Distillation) sums = DistillationLoss.SumAndGradientInPlace(kernel, teacher, labels, 0.7, 2, 0.5);
        (double, double Distillation) again = DistillationLoss.ByOperations(operations, teacher, labels, 0.7, 2, 0.5);
        Assert.Equal(sums.Item1, again.Item1, 1e-4);
        Assert.Equal(sums.Distillation, again.Distillation, 1e-4);
        AssertClose(kernel, operations, tolerance);
    }

    // Three optimizer steps on both devices, from the same parameters.
    private static void Compare(string kind, TrainingDevice device, ComputePrecision precision, double tolerance)
    {
        ModelConfig config = Config(kind) with { EosTokenIds = [9] };
        using DecoderModule expected = TinyModules.Random(config);
        using DecoderModule actual = new(config, device: device);
        foreach (string name in expected.ParameterNames)
        {
            expected.GetParameter(name).CopyTo(actual.GetParameter(name));
        }

        AdamWOptions options = new() { ClipNorm = 0.5 };
        using AdamW expectedOptimizer = new(expected.Store, options);
        using AdamW actualOptimizer = new(actual.Store, options);
        for (int step = 1; step <= 3; step++)
        {
            TrainingPassResult wanted = Backward(expected, precision);
            TrainingPassResult got = Backward(actual, precision);
            Assert.Equal(wanted.CrossEntropySum, got.CrossEntropySum, tolerance * (1 + wanted.CrossEntropySum));
            Assert.Equal(wanted.RouterLoss, got.RouterLoss, tolerance * (1 + wanted.RouterLoss));
            foreach (string name in expected.ParameterNames)
            {
                using Tensor wantedGradient = expected.Store.GradientView(name);
                using Tensor gotGradient = actual.Store.GradientView(name);
                AssertClose(wantedGradient, gotGradient, tolerance);
            }

            double norm = expectedOptimizer.Step(step, 1e-3, 1);
            Assert.Equal(norm, actualOptimizer.Step(step, 1e-3, 1), tolerance * (1 + norm));
        }

        foreach (string name in expected.ParameterNames)
        {
            // A gradient near zero may have either sign, and Adam makes a whole step of it.
            Assert.True(Distance(expected.GetParameter(name), actual.GetParameter(name)) <= 7e-3, name);
        }
    }

    private static double Distance(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double largest = 0;
        for (int i = 0; i < left.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(left[i] - right[i]));
        }

        return largest;
    }

    private static TrainingPassResult Backward(DecoderModule module, ComputePrecision precision)
    {
        module.Store.ZeroGradients();
        using DisposeScope scope = NewDisposeScope();
        Tensor tokens = tensor(new long[] { 3, 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 3, 8 }, 2, 8);
        Tensor labels = tensor(new long[] { 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 3, 8, 4 });
        ForwardPass pass = new(precision, capacity: null, seed: 0, trackRouterLosses: true) { IsolatesDocuments = true };
        return module.ForwardBackward(tokens, labels, pass, new LossWeights(0.01, 0.001, 1));
    }

    private static ModelConfig Config(string kind)
    {
        FeedForwardConfig dense = TinyModules.Dense;
        return kind switch
        {
            "dense" => TinyModules.Config(dense, dense),
            "top-1 residual" => TinyModules.Config(dense, TinyModules.Experts(4, 1, normalize: false, residual: true)),
            "top-2" => TinyModules.Config(TinyModules.Experts(5, 2, normalize: true, residual: false)),
            "interleaved" => TinyModules.Config(dense) with { Rotary = new RotaryConfig { Theta = 100, Interleaved = true } },
            "norms of heads" => TinyModules.Config(dense) with { Attention = new AttentionConfig { QueryKeyNorm = QueryKeyNorm.PerHead } },
            "soft cap" => TinyModules.Config(dense) with { Attention = new AttentionConfig { LogitSoftCap = 20 } },
            "shared" => TinyModules.Config(Shared()),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private static FeedForwardConfig Shared()
    {
        FeedForwardConfig experts = TinyModules.Experts(4, 1, normalize: false, residual: false);
        return experts with { Moe = experts.Moe! with { SharedIntermediateSize = 12, SharedGate = true } };
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        double[] wanted = [.. Doubles(expected)];
        double[] got = [.. Doubles(actual)];
        double largest = wanted.Max(Math.Abs);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.True(Math.Abs(wanted[i] - got[i]) <= tolerance * (1 + largest), $"element {i}: {got[i]} instead of {wanted[i]}");
        }
    }

    private static double[] Doubles(Tensor values)
    {
        using Tensor host = values.detach().cpu().to(ScalarType.Float64).contiguous();
        return MemoryMarshal.Cast<byte, double>(host.bytes).ToArray();
    }
}
