using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.TrainingSpeed;

/// <summary>
/// A whole Mixture-of-Experts layer, forward and backward, against a dense feed-forward of the width that a token is active in, on the same
/// tokens: the same products per token. What the layer takes longer is routing, data movement, smaller products and more gradients.
/// </summary>
internal static class LayerMeasurement
{
    internal static LayerResult Run(int tokens, int experts, int hidden, int topK, int size, ComputePrecision precision, int runs)
    {
        FeedForwardConfig config = new()
        {
            IntermediateSize = 0,
            Moe = new MoeConfig { ExpertCount = experts, TopK = topK, ExpertIntermediateSize = size, NormalizeTopK = topK > 1 },
        };
        using ParameterStore sparseStore = new();
        MixtureOfExperts sparse = new(sparseStore, config, hidden, layer: 0);
        Fill(sparseStore);
        using ParameterStore denseStore = new();
        Perceptron dense = new(
            denseStore, Activation.SiluGated, (TensorNames.Gate(0), TensorNames.Up(0), TensorNames.Down(0)), [], hidden, topK * size);
        Fill(denseStore);
        using Generator generator = new(1);
        using Tensor rows = randn([tokens, hidden], generator: generator).requires_grad_(true);
        using Tensor upstream = randn([tokens, hidden], generator: generator);
        double[] times = ProcessorClock.Medians(
            runs,
            () => Both(pass => sparse.Forward(rows, pass.Cast(rows), pass)),
            () => Both(pass => dense.Forward(pass.Cast(rows), pass).to(ScalarType.Float32)));
        return new LayerResult(tokens, experts, topK, size, times[0], times[1], times[0] / times[1]);

        void Both(Func<ForwardPass, Tensor> layer)
        {
            using DisposeScope scope = NewDisposeScope();
            layer(new ForwardPass(precision, capacity: null, seed: 1, trackRouterLosses: false)).backward([upstream]);
            rows.grad = null;
        }
    }

    private static void Fill(ParameterStore store)
    {
        store.Allocate();
        foreach (string name in store.Names)
        {
            store.FillNormal(name, seed: 1, standardDeviation: 0.05);
        }
    }
}
