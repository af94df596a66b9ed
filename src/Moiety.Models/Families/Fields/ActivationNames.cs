using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>The names that <c>transformers</c> has for activations.</summary>
internal static class ActivationNames
{
    /// <summary>The activation of a name, or null when the decoder has none such.</summary>
    /// <param name="name">The name in <c>config.json</c>.</param>
    /// <param name="gated">Whether the family's layers have a gate.</param>
    public static Activation? Parse(string name, bool gated) => (name, gated) switch
    {
        ("silu" or "swish" or "swiglu", true) => Activation.SiluGated,
        ("gelu" or "gelu_python", true) => Activation.GeluGated,
        ("gelu_new" or "gelu_fast" or "gelu_pytorch_tanh", true) => Activation.GeluTanhGated,
        ("gelu" or "gelu_python", false) => Activation.Gelu,
        ("gelu_new" or "gelu_fast" or "gelu_pytorch_tanh", false) => Activation.GeluTanh,
        ("relu", false) => Activation.Relu,
        ("relu2", false) => Activation.ReluSquared,
        _ => null,
    };

    /// <summary>The name of an activation.</summary>
    public static string Of(Activation activation) => activation switch
    {
        Activation.SiluGated or Activation.ClampedSiluGated => "silu",
        Activation.GeluGated or Activation.Gelu => "gelu",
        Activation.GeluTanhGated => "gelu_pytorch_tanh",
        Activation.GeluTanh => "gelu_new",
        Activation.Relu => "relu",
        Activation.ReluSquared => "relu2",
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };
}
