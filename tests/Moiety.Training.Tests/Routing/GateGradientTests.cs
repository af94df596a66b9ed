using Moiety.Models.Configuration;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Routing;
using Moiety.Training.Tests.Routing.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Routing;

/// <summary>The gradients of a whole layer of experts, noise, drops and losses of its gate included, by finite differences.</summary>
public class GateGradientTests
{
    private const int Hidden = 6;
    private const int Tokens = 8;

    public static TheoryData<string> Layers =>
    [
        "",
        "\"top_k\": 1",
        "\"gating\": \"sigmoid\", \"groups\": 3, \"group_top_k\": 2, \"weight_scale\": 1.5",
        "\"shared_size\": 4, \"shared_gate\": true, \"residual\": true, \"intermediate_size\": 4",
        "\"gate\": { \"noise\": \"jitter\", \"jitter\": 0.2, \"balance_over\": \"all\" }",
        "\"gate\": { \"noise\": \"rsample\" }",
        "\"gate\": \"switch\", \"top_k\": 1",
        "\"gate\": \"top-k-softmax\", \"top_k\": 3",
        "\"gate\": { \"name\": \"bias-balanced\", \"sequence_loss\": 0.5 }",
        "\"gate\": \"noisy-top-k\"",
        "\"gate\": \"gshard\"",
    ];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Gradients_of_a_layer_are_those_of_finite_differences(string words)
    {
        TorchLibrary.EnsureLoaded();
        foreach (double? factor in (double?[])[null, 0.7])
        {
            string topK = words.Contains("top_k\":", StringComparison.Ordinal) && !words.Contains("group_top_k", StringComparison.Ordinal) ? "" : "\"top_k\": 2, ";
            (FeedForwardConfig config, GateOptions gate) = GateLayers.Parse($"{{ \"experts\": 6, {topK}\"expert_size\": 4{(words.Length > 0 ? ", " : "")}{words} }}");
            using ParameterStore store = new();
            MixtureOfExperts layer = new(store, config, Hidden, layer: 0, gate);
            store.Allocate();
            Random random = new(5);
            foreach (string name in store.Names)
            {
                Fill(store.Span(name), random, 1.2);
            }

            float[] input = new float[Tokens * Hidden];
            float[] direction = new float[Tokens * Hidden];
            Fill(input, random, 2);
            Fill(direction, random, 1);
            ExpertCapacity? capacity = factor is { } given ? new ExpertCapacity(given, 1, DropPolicy.Random) : null;

            double Run(bool backward, out string routes)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor rows = tensor(input, Tokens, Hidden);
                ForwardPass pass = new(ComputePrecision.F32, capacity, seed: 11, trackRouterLosses: true) { TokenIds = zeros(2, Tokens / 2, dtype: ScalarType.Int64) };
                Tensor output = layer.Forward(rows, rows, pass);
                (Tensor losses, _) = new LossWeights(Balance: 0.7, RouterZ: 0.3, MicroBatchShare: 1).Weigh(pass.RouterLosses);
                Tensor sum = (output * tensor(direction, Tokens, Hidden)).sum();
                if (backward)
                {
                    store.ZeroGradients();
                    autograd.backward([sum, losses], [ones_like(sum), ones_like(losses)]);
                }

                routes = string.Join(';', pass.Routers.Select(router => $"{string.Join(',', router.Load)} {router.Dropped}"));
                return sum.ToDouble() + losses.ToDouble();
            }

            _ = Run(backward: true, out string here);
            Dictionary<string, float[]> gradients = store.Names.ToDictionary(name => name, name => store.GradientView(name).data<float>().ToArray());
            int compared = 0;
            foreach ((string name, float[] gradient) in gradients)
            {
                int largest = Array.IndexOf(gradient, gradient.MaxBy(Math.Abs));
                foreach (int i in (int[])[largest, random.Next(gradient.Length), random.Next(gradient.Length)])
                {
                    double Slope(float step, out bool smooth)
                    {
                        float value = store.Span(name)[i];
                        store.Span(name)[i] = value + step;
                        double above = Run(backward: false, out string routesAbove);
                        store.Span(name)[i] = value - step;
                        double below = Run(backward: false, out string routesBelow);
                        store.Span(name)[i] = value;
                        smooth = routesAbove == here && routesBelow == here;
                        return (above - below) / (2 * (double)step);
                    }

                    // Where a token changes its expert on the way, there is no slope: neighbors show it, or two step widths that disagree.
                    double wide = Slope(1e-2f, out bool smoothWide);
                    double narrow = Slope(4e-3f, out bool smoothNarrow);
                    double tolerance = 4e-3 + (0.02 * Math.Abs(narrow));
                    if (name.EndsWith("e_score_correction_bias", StringComparison.Ordinal))
                    {
                        Assert.Equal(0, gradient[i]);
                    }
                    else if (smoothWide && smoothNarrow && Math.Abs(wide - narrow) <= tolerance)
                    {
                        compared++;
                        Assert.True(Math.Abs(narrow - gradient[i]) <= tolerance, $"{name}[{i}]: {gradient[i]}, by finite differences {narrow}");
                    }
                }
            }

            Assert.True(compared > gradients.Count, $"only {compared} comparisons for {gradients.Count} parameters");
        }
    }

    private static void Fill(Span<float> values, Random random, double size)
    {
        foreach (ref float value in values)
        {
            value = (float)((random.NextDouble() - 0.5) * size);
        }
    }
}
