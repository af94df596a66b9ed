using System.Globalization;

namespace Moiety.Training;

/// <summary>A router that has sent tokens unevenly for long: training goes on, but experts are wasted.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Expert">The expert that hardly any token visits, or null where the whole load is uneven.</param>
/// <param name="Measure">The expert's load over an even share; or the coefficient of variation of the load.</param>
/// <param name="Steps">Optimizer steps that the measure is about.</param>
public sealed record RouterAlarm(int Layer, int? Expert, double Measure, int Steps)
{
    /// <summary>What is wrong, in a sentence.</summary>
    public override string ToString() => Expert is { } expert
        ? string.Create(CultureInfo.InvariantCulture, $"layer {Layer}: expert {expert} got {Measure:P1} of an even share of the tokens over {Steps} steps")
        : string.Create(CultureInfo.InvariantCulture, $"layer {Layer}: the load of the experts varies by more than its mean for {Steps} steps (coefficient of variation {Measure:F2})");
}
