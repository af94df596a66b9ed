using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>One of a router's losses in one layer.</summary>
/// <param name="Name">What metrics call it, see <see cref="RouterLossNames"/>.</param>
/// <param name="Value">A scalar, with gradients or detached.</param>
internal readonly record struct RouterLoss(string Name, Tensor Value)
{
    /// <summary>Its coefficient where the gate's options have one; null for losses that many gates share, whose coefficients are the run's.</summary>
    internal double? Coefficient { get; init; }
}
