using Moiety.Models.Configuration;
using Moiety.Training.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>down(f(up(x))), or with a gate down(f(gate(x)) * up(x)) (arXiv 2002.05202); gate and up are one product.</summary>
internal sealed class Perceptron
{
    private const double ClampLimit = 7;
    private const double ClampSlope = 1.702;

    private readonly Activation _activation;
    private readonly Parameter _up;
    private readonly Parameter _down;
    private readonly Parameter? _upBias;
    private readonly Parameter? _downBias;

    /// <summary>Declares the parameters under their canonical names.</summary>
    /// <param name="store">Where they live.</param>
    /// <param name="activation">The non-linearity f.</param>
    /// <param name="names">Gate (unused without a gate), up and down.</param>
    /// <param name="biases">Biases of the three, or empty for none.</param>
    /// <param name="hidden">Width of input and output.</param>
    /// <param name="intermediate">Inner width.</param>
    internal Perceptron(ParameterStore store, Activation activation, (string Gate, string Up, string Down) names, ReadOnlySpan<string> biases, int hidden, int intermediate)
    {
        _activation = activation;
        bool gated = activation.IsGated();
        _up = gated
            ? store.Declare((names.Gate, intermediate, hidden), (names.Up, intermediate, hidden))
            : store.Declare((names.Up, intermediate, hidden));
        _down = store.Declare((names.Down, hidden, intermediate));
        if (!biases.IsEmpty)
        {
            _upBias = gated
                ? store.Declare((biases[0], intermediate, 0), (biases[1], intermediate, 0))
                : store.Declare((biases[1], intermediate, 0));
            _downBias = store.Declare((biases[2], hidden, 0));
        }
    }

    /// <summary>Applies the perceptron to rows.</summary>
    /// <param name="input">[rows, hidden] in the compute type.</param>
    /// <param name="pass">The forward pass.</param>
    internal Tensor Forward(Tensor input, ForwardPass pass) =>
        pass.Project(Activate(pass.Project(input, _up, _upBias)), _down, _downBias);

    private Tensor Activate(Tensor projected)
    {
        if (_activation == Activation.SiluGated && _up.Store.Device.UsesKernels)
        {
            return SwiGluFunction.Apply(projected);
        }

        if (!_activation.IsGated())
        {
            return _activation switch
            {
                Activation.Gelu => projected.gelu(GELU.Approximate.none),
                Activation.GeluTanh => projected.gelu(GELU.Approximate.tanh),
                Activation.Relu => projected.relu(),
                Activation.ReluSquared => projected.relu().square(),
                _ => throw new InvalidOperationException($"{_activation} is unknown."),
            };
        }

        Tensor[] parts = projected.chunk(2, 1);
        return _activation switch
        {
            Activation.SiluGated => parts[0].silu() * parts[1],
            Activation.GeluGated => parts[0].gelu(GELU.Approximate.none) * parts[1],
            Activation.GeluTanhGated => parts[0].gelu(GELU.Approximate.tanh) * parts[1],
            Activation.ClampedSiluGated => Clamped(parts[0].AtMost(ClampLimit), parts[1].AtMost(ClampLimit).AtLeast(-ClampLimit)),
            _ => throw new InvalidOperationException($"{_activation} is unknown."),
        };
    }

    private static Tensor Clamped(Tensor gate, Tensor up)
    {
        Tensor inner = gate * gate.Times(ClampSlope).sigmoid();
        return inner.Plus(inner * up);
    }
}
