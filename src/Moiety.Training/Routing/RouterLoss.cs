using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>One of a router's losses in one layer.</summary>
/// <param name="Name">What metrics and coefficients call it, see <see cref="RouterLossNames"/>.</param>
/// <param name="Value">A scalar with gradients.</param>
internal readonly record struct RouterLoss(string Name, Tensor Value);
