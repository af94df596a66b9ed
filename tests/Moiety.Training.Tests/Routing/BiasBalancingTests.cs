using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Routing;
using Moiety.Training.Tests.Routing.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Routing;

/// <summary>Balancing by bias, from a router that nothing else moves.</summary>
public class BiasBalancingTests
{
    private const int Experts = 16;
    private const int Tokens = 2048;

    [Theory]
    [InlineData(1, "sigmoid")]
    [InlineData(2, "sigmoid")]
    [InlineData(1, "softmax")]
    public void An_expert_that_gets_half_of_the_tokens_has_its_share_within_500_steps_without_any_gradient(int topK, string gating)
    {
        TorchLibrary.EnsureLoaded();
        (FeedForwardConfig layer, GateOptions options) = GateLayers.Parse(
            $"{{ \"experts\": {Experts}, \"top_k\": {topK}, \"expert_size\": 8, \"gating\": \"{gating}\", \"gate\": \"bias-balanced\" }}");
        using ParameterStore store = new();
        store.Declare((TensorNames.SelectionBias(0), Experts, 0));
        IGate gate = options.Kind.Create(options, new GateSite(store, layer.Moe!, Experts, 0));
        store.Allocate();

        double before = LargestOverMean(Route(gate, step: 0));
        Assert.InRange(before, 0.45 * Experts / topK, Experts);
        for (int step = 1; step <= 500; step++)
        {
            Route(gate, step);
            gate.AfterStep();
        }

        // On tokens that it has not seen.
        double after = LargestOverMean(Enumerable.Range(1000, 8).Select(step => Route(gate, step)).Aggregate((sum, load) => [.. sum.Zip(load, (a, b) => a + b)]));
        Assert.InRange(after, 1, 1.3);
    }

    [Fact]
    public void A_bias_moves_by_the_rate_against_the_sign_of_the_surplus_counted_over_all_micro_batches()
    {
        TorchLibrary.EnsureLoaded();
        (FeedForwardConfig layer, GateOptions options) = GateLayers.Parse(
            """{ "experts": 3, "top_k": 1, "expert_size": 8, "gate": { "name": "bias-balanced", "update_rate": 0.25 } }""");
        using ParameterStore store = new();
        store.Declare((TensorNames.SelectionBias(0), 3, 0));
        IGate gate = options.Kind.Create(options, new GateSite(store, layer.Moe!, 3, 0));
        store.Allocate();

        // Twice expert 0, once expert 1; then once expert 2: loads 2, 1, 1 with the mean 4 / 3.
        Choose(gate, training: true, 0, 0, 1);
        Choose(gate, training: true, 2);
        Choose(gate, training: false, 2, 2, 2);
        gate.AfterStep();
        Assert.Equal([-0.25f, 0.25f, 0.25f], store.Span(TensorNames.SelectionBias(0)).ToArray());

        // Even loads move nothing; what was counted before does not count again.
        Choose(gate, training: true, 0, 1, 2);
        gate.AfterStep();
        Assert.Equal([-0.25f, 0.25f, 0.25f], store.Span(TensorNames.SelectionBias(0)).ToArray());
    }

    private static void Choose(IGate gate, bool training, params int[] experts)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] logits = new float[experts.Length * 3];
        for (int token = 0; token < experts.Length; token++)
        {
            // Far enough apart that the bias changes no choice.
            logits.AsSpan(token * 3, 3).Fill(-5);
            logits[(token * 3) + experts[token]] = 5;
        }

        gate.Route(new GateInput { Rows = tensor(logits, experts.Length, 3), Router = rows => rows, Layer = 0, IsTraining = training });
    }

    // Normal logits; those of expert 0 are raised so that it is the best one for half of the tokens.
    private static int[] Route(IGate gate, int step)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] logits = new float[Tokens * Experts];
        new Xoshiro256(1, 2, (ulong)step).FillNormal(logits, 1);
        for (int token = 0; token < Tokens; token++)
        {
            logits[token * Experts] += 1.75f;
        }

        ExpertRouting routing = gate.Route(new GateInput { Rows = tensor(logits, Tokens, Experts, requires_grad: true), Router = rows => rows, Layer = 0, IsTraining = true });
        Assert.False(routing.Losses.Single(loss => loss.Name == RouterLossNames.Balance).Value.requires_grad);
        return [.. routing.Statistics.Load];
    }

    private static double LargestOverMean(int[] load) => load.Max() / load.Average();
}
