using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>The kernel of every <see cref="Activation"/>.</summary>
internal static class ActivationFunctions
{
    /// <summary>values = f(values), for an activation without a gate.</summary>
    public static void Apply(Activation activation, Span<float> values)
    {
        switch (activation)
        {
            case Activation.Gelu:
                Gelu.Apply(values, values);
                break;
            case Activation.GeluTanh:
                GeluTanh.Apply(values, values);
                break;
            case Activation.Relu:
                Relu.Apply(values, values);
                break;
            case Activation.ReluSquared:
                Relu.ApplySquared(values, values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, "The activation has a gate.");
        }
    }

    /// <summary>gate = f(gate) * up, for an activation with a gate.</summary>
    public static void Gate(Activation activation, Span<float> gate, ReadOnlySpan<float> up)
    {
        switch (activation)
        {
            case Activation.SiluGated:
                SiluGate.Apply(gate, up, gate);
                break;
            case Activation.GeluGated:
                Gelu.Gate(gate, up, gate);
                break;
            case Activation.GeluTanhGated:
                GeluTanh.Gate(gate, up, gate);
                break;
            case Activation.ClampedSiluGated:
                ClampedSiluGate.Apply(gate, up, gate);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, "The activation has no gate.");
        }
    }
}
