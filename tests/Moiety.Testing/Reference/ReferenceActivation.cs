using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>The non-linearities of feed-forwards, by their formulas.</summary>
internal static class ReferenceActivation
{
    /// <summary>The inner activation from the up projection and, where the activation has one, the gate projection.</summary>
    public static double Of(Activation activation, double gate, double up) => activation switch
    {
        Activation.SiluGated => gate * Sigmoid(gate) * up,
        Activation.GeluGated => Gelu(gate) * up,
        Activation.GeluTanhGated => GeluTanh(gate) * up,
        Activation.ClampedSiluGated => Clamped(Math.Min(gate, 7), Math.Clamp(up, -7, 7)),
        Activation.Gelu => Gelu(up),
        Activation.GeluTanh => GeluTanh(up),
        Activation.Relu => Math.Max(up, 0),
        Activation.ReluSquared => Math.Max(up, 0) * Math.Max(up, 0),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Clamped(double gate, double up) => (up + 1) * gate * Sigmoid(1.702 * gate);

    private static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    private static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    /// <summary>2/sqrt(pi) times the integral of e^(-t^2), by its power series; all terms are positive (Abramowitz and Stegun 7.1.6).</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        double term = x;
        double sum = x;
        for (int index = 1; index < 200; index++)
        {
            term *= 2 * x * x / (2 * index + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
