namespace Moiety.Training.Routing;

/// <summary>A loss of the routers, as a mean over the layers that have it.</summary>
/// <param name="Name">As in <see cref="RouterLossNames"/>.</param>
/// <param name="Value">The mean, without its coefficient.</param>
public readonly record struct RouterLossMean(string Name, double Value);
