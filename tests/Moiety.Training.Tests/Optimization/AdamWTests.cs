using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Optimization;

public class AdamWTests
{
    public AdamWTests() => TorchLibrary.EnsureLoaded();

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void Updates_are_those_of_libtorch_with_decay_on_matrices_only(double? clip)
    {
        using DisposeScope scope = NewDisposeScope();
        Random random = new(1);
        using ParameterStore store = new();
        store.Declare(("vector", 21, 0));
        store.Declare(("matrix", 7, 9));
        store.Allocate();
        Array.ForEach((string[])[.. store.Names], name => Fill(store.Span(name), random));
        using AdamW optimizer = new(store, new AdamWOptions { WeightDecay = 0.3, ClipNorm = clip });

        TorchSharp.Modules.Parameter matrix = new(store.View("matrix").clone());
        TorchSharp.Modules.Parameter vector = new(store.View("vector").clone());
        using optim.Optimizer decayed = optim.AdamW([matrix], lr: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.3);
        using optim.Optimizer plain = optim.AdamW([vector], lr: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0);
        for (int step = 1; step <= 5; step++)
        {
            Fill(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(store.GradientView("matrix").bytes), random);
            Fill(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(store.GradientView("vector").bytes), random);
            matrix.grad = store.GradientView("matrix").clone();
            vector.grad = store.GradientView("vector").clone();
            double expected = Math.Sqrt(matrix.grad.square().sum().ToDouble() + vector.grad.square().sum().ToDouble());
            if (clip is { } limit)
            {
                nn.utils.clip_grad_norm_([matrix, vector], limit);
            }

            decayed.step();
            plain.step();
            Assert.Equal(expected, optimizer.Step(step, 0.01, threads: 2), expected * 1e-5);
            Assert.True((store.View("matrix") - matrix).abs().max().ToDouble() < 1e-6);
            Assert.True((store.View("vector") - vector).abs().max().ToDouble() < 1e-6);
        }
    }

    [Fact]
    public void A_gradient_that_is_not_finite_changes_nothing()
    {
        using ParameterStore store = new();
        store.Declare(("matrix", 3, 3));
        store.Allocate();
        store.Span("matrix").Fill(2);
        using AdamW optimizer = new(store, new AdamWOptions());
        using Tensor gradient = store.GradientView("matrix");
        gradient.fill_(float.NaN);
        Assert.False(double.IsFinite(optimizer.Step(1, 0.1, threads: 1)));
        Assert.All(store.Span("matrix").ToArray(), value => Assert.Equal(2, value));
    }

    private static void Fill(Span<float> values, Random random)
    {
        foreach (ref float value in values)
        {
            value = random.NextSingle() - 0.5f;
        }
    }
}
