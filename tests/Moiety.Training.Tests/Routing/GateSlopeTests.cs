using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Routing;

/// <summary>The gradients of every gate of the registry against finite differences.</summary>
public class GateSlopeTests
{
    private const int Tokens = 14;
    private const float Step = 2e-3f;

    public static TheoryData<string> Gates => GateOptionsOf.All;

    [Theory]
    [MemberData(nameof(Gates))]
    public void Gradients_are_those_of_finite_differences(string gate)
    {
        using GateLayer layer = new(gate, experts: 4, GateRegistry.ByName[gate].DefaultTopK, seed: 9, GateOptionsOf.Json, normalize: GateRegistry.ByName[gate].DefaultTopK > 1, jitter: 0.5f);
        float[] rows = GateLayer.Rows(Tokens, 9);
        layer.Store.ZeroGradients();
        using (DisposeScope scope = NewDisposeScope())
        {
            (layer.Forward(tensor(rows, Tokens, GateLayer.Hidden), Pass(gate)) * Mask()).sum().backward();
        }

        Dictionary<string, float[]> gradients = layer.Store.Names.ToDictionary(name => name, name =>
        {
            using Tensor gradient = layer.Store.GradientView(name);
            return gradient.data<float>().ToArray();
        });
        int compared = 0;
        foreach ((string name, float[] gradient) in gradients)
        {
            if (name == TensorNames.ExpertTable(0) || name == TensorNames.SelectionBias(0))
            {
                // They only decide who is chosen.
                Assert.All(gradient, value => Assert.Equal(0, value));
                continue;
            }

            for (int i = 0; i < gradient.Length; i++)
            {
                if (Slope(gate, layer, rows, name, i) is { } numeric)
                {
                    compared++;
                    Assert.True(Math.Abs(numeric - gradient[i]) <= 2e-3 + (0.02 * Math.Abs(numeric)), $"{name}[{i}]: {gradient[i]}, by finite differences {numeric}");
                }
            }
        }

        Assert.True(compared > gradients.Values.Sum(values => values.Length) / 2, $"only {compared} comparisons");
        string router = gate == "soft" ? Moiety.Training.Routing.Gates.SoftGate.PhiName(0) : TensorNames.Router(0);
        Assert.Equal(GateRegistry.ByName[gate].IsLearned, gradients.TryGetValue(router, out float[]? routed) && routed.Any(value => value != 0));
    }

    // Null where the choice of experts changes on the way.
    private static double? Slope(string gate, GateLayer layer, float[] rows, string name, int index)
    {
        float value = layer.Store.Span(name)[index];
        (double here, string load) = Loss(gate, layer, rows);
        layer.Store.Span(name)[index] = value + Step;
        (double above, string loadAbove) = Loss(gate, layer, rows);
        layer.Store.Span(name)[index] = value - Step;
        (double below, string loadBelow) = Loss(gate, layer, rows);
        layer.Store.Span(name)[index] = value;
        double slope = (above - below) / (2 * Step);
        double bend = (above - here - (here - below)) / Step;
        return load == loadAbove && load == loadBelow && Math.Abs(bend) <= 3e-3 + (0.05 * Math.Abs(slope)) ? slope : null;
    }

    private static (double Loss, string Load) Loss(string gate, GateLayer layer, float[] rows)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        ForwardPass pass = Pass(gate);
        double loss = (layer.Forward(tensor(rows, Tokens, GateLayer.Hidden), pass) * Mask()).to(ScalarType.Float64).sum().ToDouble();
        return (loss, string.Join(',', pass.Routers[0].Load));
    }

    // SparseMixer's gradient in training estimates that of a discrete choice: it is not the slope of anything, and is tested by itself.
    private static ForwardPass Pass(string gate) => GateLayer.Pass(2, Tokens, training: gate != "sparse-mixer", progress: 0.4);

    private static Tensor Mask() => tensor(GateLayer.Rows(Tokens, 1234), Tokens, GateLayer.Hidden);
}
