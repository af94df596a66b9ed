namespace Moiety.Models.Configuration;

/// <summary>Facts about activations.</summary>
public static class ActivationExtensions
{
    /// <summary>Whether a gate multiplies the up projection, so that the layer has three matrices and not two.</summary>
    public static bool IsGated(this Activation activation) =>
        activation is Activation.SiluGated or Activation.GeluGated or Activation.GeluTanhGated or Activation.ClampedSiluGated;
}
