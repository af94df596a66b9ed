using System.Globalization;
using CsCheck;
using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Routing;
using Moiety.Training.Tests.Routing.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Routing;

/// <summary>Every gate of the top-k family against its definition in double precision.</summary>
public class GateTests
{
    // Layers in words: "{E}" experts, "{k}" choices.
    private static readonly Dictionary<string, string[]> Layers = new(StringComparer.Ordinal)
    {
        ["top-k"] =
        [
            "",
            "\"gating\": \"sigmoid\"",
            "\"groups\": 2, \"group_top_k\": 1",
            "\"selection_bias\": true, \"weight_scale\": 2.5",
            "\"gate\": { \"noise\": \"jitter\", \"jitter\": 0.1 }",
            "\"gate\": { \"noise\": \"rsample\" }",
            "\"gate\": { \"balance_over\": \"all\" }",
        ],
        ["switch"] = ["\"gate\": \"switch\"", "\"gate\": { \"name\": \"switch\", \"noise\": \"jitter\" }", "\"gate\": { \"name\": \"switch\", \"noise\": \"rsample\" }"],
        ["top-k-softmax"] = ["\"gate\": \"top-k-softmax\"", "\"gate\": \"top-k-softmax\", \"weight_scale\": 0.5"],
        ["sigmoid"] = ["\"gate\": \"sigmoid\"", "\"gate\": { \"name\": \"sigmoid\", \"balance_over\": \"all\" }, \"groups\": 2, \"group_top_k\": 1, \"weight_scale\": 2"],
        ["group-limited"] = ["\"gate\": \"group-limited\", \"groups\": 2, \"group_top_k\": 1", "\"gate\": \"group-limited\", \"groups\": 2, \"group_top_k\": 1, \"group_score\": \"best-two\""],
        ["bias-balanced"] =
        [
            "\"gate\": \"bias-balanced\"",
            "\"gate\": { \"name\": \"bias-balanced\", \"sequence_loss\": 0.1 }",
            "\"gate\": { \"name\": \"bias-balanced\", \"sequence_loss\": 0.1 }, \"gating\": \"softmax\", \"groups\": 2, \"group_top_k\": 1",
        ],
        ["noisy-top-k"] = ["\"gate\": \"noisy-top-k\""],
        ["gshard"] = ["\"gate\": \"gshard\""],
    };

    public static TheoryData<string> Kinds => [.. Layers.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Assignments_drops_weights_and_losses_are_those_of_the_definition(string kind)
    {
        TorchLibrary.EnsureLoaded();
        Cases(kind).Sample(Compare, iter: 400, threads: 1, print: Print);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Padding_takes_no_capacity_and_no_part_in_the_losses(string kind)
    {
        TorchLibrary.EnsureLoaded();
        Cases(kind).Where(sample => !sample.IsTraining).Sample(sample =>
        {
            // As if the padding were not there at all; kept by position, since random drops depend on the place in the batch.
            ExpertCapacity? capacity = sample.Capacity is { } given ? given with { Policy = DropPolicy.Position } : null;
            bool[] used = [.. Enumerable.Range(0, sample.Logits.Length).Select(token => token % 3 != 1)];
            GateCase padded = sample with { Capacity = capacity, Used = used };
            GateCase shorter = sample with { Capacity = capacity, Used = [], Logits = [.. sample.Logits.Where((_, token) => used[token])] };
            using DisposeScope scope = NewDisposeScope();
            TableRouting with = Run(padded);
            TableRouting without = Run(shorter);
            Assert.Equal(without.Table.KeptCounts, with.Table.KeptCounts);
            Assert.Equal(without.Table.Dropped, with.Table.Dropped);

            // libtorch's sigmoid rounds the end of a tensor otherwise than its middle.
            Assert.All(without.Weights.data<float>().ToArray().Zip(with.Weights.data<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }, iter: 100, threads: 1, print: Print);
    }

    [Fact]
    public void Every_gate_that_trains_by_choice_of_tokens_is_tested_here()
    {
        string[] others = ["expert-choice", "soft", "base", "sinkhorn", "hash", "dense-to-sparse", "sparse-mixer"];
        Assert.Empty(GateRegistry.All.Select(kind => kind.Name).Except(Layers.Keys).Except(others));
        Assert.Equal(GateRegistry.All.Length, GateRegistry.All.Select(kind => kind.Name).Distinct().Count());
    }

    private static Gen<GateCase> Cases(string kind) => Gen.Select(
        Gen.Int[1, 30],
        Gen.Int[1, 4],
        Gen.Int[1, 4],
        Gen.Int[0, Layers[kind].Length - 1],
        Gen.Select(Gen.Bool, Gen.Double[0.2, 1.5], Gen.Enum<DropPolicy>(), (drop, factor, policy) => drop ? new ExpertCapacity(factor, 1, policy) : null),
        Gen.Bool,
        Gen.Bool,
        Gen.Int[0, 1 << 20],
        (tokens, half, choices, variant, capacity, training, padded, seed) =>
        {
            int experts = 2 * half;
            string words = Layers[kind][variant];
            int most = words.Contains("group_top_k", StringComparison.Ordinal) ? half : experts;
            int topK = kind == "switch" ? 1 : kind == "gshard" ? 2 : kind is "noisy-top-k" or "top-k-softmax" ? Math.Clamp(choices, 2, most) : Math.Min(choices, most);
            (FeedForwardConfig layer, GateOptions gate) = GateLayers.Parse(string.Create(
                CultureInfo.InvariantCulture, $"{{ \"experts\": {experts}, \"top_k\": {topK}, \"expert_size\": 8 {(words.Length > 0 ? ", " : "")}{words} }}"));
            Random random = new(seed);
            int length = random.Next(1, 4);

            // Few distinct values, so that ties are common. But sums of two sigmoids (a and -a give 1 for any a) and probabilities of different
            // tokens tie in one precision and not in the other.
            double Draw() => random.NextDouble() - 0.5;
            bool ties = capacity?.Policy != DropPolicy.Probability && layer.Moe!.GroupScore != GroupScore.BestTwo;
            float[] Row(double size) => [.. Enumerable.Range(0, experts).Select(_ => (float)((ties ? Math.Round(Draw() * 32) / 16 : 2 * Draw()) * size))];
            return new GateCase
            {
                Moe = layer.Moe!,
                Gate = gate,
                Logits = [.. Enumerable.Range(0, tokens * length).Select(_ => Row(3))],
                Bias = layer.Moe!.SelectionBias ? Row(0.3) : [],
                Noise = kind == "noisy-top-k" ? [.. Enumerable.Range(0, experts).Select(_ => Row(0.2))] : [],
                Capacity = capacity,
                IsTraining = training,
                Used = padded ? [.. Enumerable.Range(0, tokens * length).Select(_ => random.Next(4) > 0)] : [],
                Seed = (ulong)seed,
                Length = length,
            };
        });

    private static void Compare(GateCase sample)
    {
        using DisposeScope scope = NewDisposeScope();
        ReferenceAssignments expected = ReferenceGate.Route(sample);
        TableRouting routing = Run(sample);
        Assert.Equal(expected.Load, routing.Statistics.Load);
        Assert.Equal(expected.Dropped, routing.Statistics.Dropped);
        float[] weights = routing.Weights.data<float>().ToArray();
        double?[][] actual = [.. sample.Logits.Select(row => new double?[row.Length])];
        for (int i = 0; i < weights.Length; i++)
        {
            (long token, long expert) = Math.DivRem(routing.Table.ProbabilityIndices[i], sample.Moe.ExpertCount);
            Assert.Equal(token, routing.Table.Tokens[i]);
            actual[token][expert] = weights[i];
        }

        for (int token = 0; token < actual.Length; token++)
        {
            Assert.Equal(expected.Weights[token].Select(weight => weight.HasValue), actual[token].Select(weight => weight.HasValue));
            Assert.All(expected.Weights[token].Zip(actual[token]), pair => Assert.True(Math.Abs((pair.First - pair.Second) ?? 0) <= 2e-6, $"token {token}: {pair.Second} instead of {pair.First}"));
        }

        Assert.Equal(expected.Losses.Keys.Order(), routing.Losses.Select(loss => loss.Name).Order());
        Assert.All(routing.Losses, loss => Assert.Equal(expected.Losses[loss.Name], loss.Value.ToDouble(), 2e-5 * (1 + Math.Abs(expected.Losses[loss.Name]))));
    }

    private static TableRouting Run(GateCase sample)
    {
        int experts = sample.Moe.ExpertCount;
        using ParameterStore store = new();
        store.Declare((TensorNames.SelectionBias(GateCase.Layer), experts, 0));
        IGate gate = sample.Gate.Kind.Create(sample.Gate, new GateSite(store, sample.Moe, experts, GateCase.Layer));
        store.Allocate();
        sample.Bias.CopyTo(store.Span(TensorNames.SelectionBias(GateCase.Layer)));
        if (sample.Noise.Length > 0)
        {
            sample.Noise.SelectMany(row => row).ToArray().CopyTo(store.Span(Training.Routing.Gates.NoisyTopKGate.NoiseName(GateCase.Layer)));
        }

        return (TableRouting)gate.Route(new GateInput
        {
            Rows = tensor(sample.Logits.SelectMany(row => row).ToArray(), sample.Logits.Length, experts),
            Router = rows => rows,
            TokenIds = zeros(sample.Logits.Length / sample.Length, sample.Length, dtype: ScalarType.Int64),
            Layer = GateCase.Layer,
            Capacity = sample.Capacity,
            IsTraining = sample.IsTraining,
            Used = sample.Used,
            Seed = sample.Seed,
        });
    }

    private static string Print(GateCase sample) =>
        $"{sample.Gate} {sample.Moe} training {sample.IsTraining} {sample.Capacity} used [{string.Join(',', sample.Used)}] seed {sample.Seed}\n"
        + string.Join('\n', sample.Logits.Select(row => string.Join(' ', row)));
}
