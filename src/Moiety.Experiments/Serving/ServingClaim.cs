using System.Globalization;
using Moiety.Experiments.Claims;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Serving;

/// <summary>Something that is said about the time that two models take for a decoding step.</summary>
/// <param name="Model">The model that it is about.</param>
/// <param name="Against">The model that it is set against.</param>
/// <param name="Batch">Sequences that decode together.</param>
/// <param name="Bound">What the ratio of times has to keep.</param>
public sealed record ServingClaim(string Model, string Against, int Batch, Bound Bound)
{
    private const string Unit = "×";

    /// <summary>The claim as a sentence.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Model} against {Against}: how many times longer a step of {Batch} takes, {Bound.Describe(Unit)}");

    /// <summary>Checks the claim.</summary>
    /// <param name="measurements">Measurements of any models and batches.</param>
    public ClaimOutcome Check(IReadOnlyCollection<ServingMeasurement> measurements)
    {
        ArgumentNullException.ThrowIfNull(measurements);
        ServingMeasurement? slow = Find(measurements, Model);
        ServingMeasurement? fast = Find(measurements, Against);
        Interval? figure = slow is null || fast is null ? null : slow.TimesOf(fast);
        return new ClaimOutcome(Text, Unit, figure, 0, Bound.Judge(figure, 0, isExact: false));
    }

    private ServingMeasurement? Find(IEnumerable<ServingMeasurement> measurements, string model) =>
        measurements.FirstOrDefault(measurement => measurement.Model == model && measurement.Batch == Batch);
}
