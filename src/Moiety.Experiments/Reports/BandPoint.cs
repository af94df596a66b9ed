namespace Moiety.Experiments.Reports;

/// <summary>The losses of all seeds at one moment of a training.</summary>
/// <param name="Flops">Operations until then.</param>
/// <param name="Mean">Mean loss.</param>
/// <param name="Low">Loss of the lowest seed.</param>
/// <param name="High">Loss of the highest seed.</param>
public readonly record struct BandPoint(double Flops, double Mean, double Low, double High);
