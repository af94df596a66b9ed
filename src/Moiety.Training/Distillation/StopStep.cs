namespace Moiety.Training.Distillation;

/// <summary>
/// When a run stops listening to its teacher: distillation helps first and hurts later (arXiv 2201.05596, section 4.2.1), so the last part of
/// a run is on the labels alone.
/// </summary>
public readonly record struct StopStep
{
    private const long AutoMark = -1;
    private readonly long _step;

    private StopStep(long step) => _step = step;

    /// <summary>The teacher is there to the end.</summary>
    public static StopStep Never => new(0);

    /// <summary>The run finds out: it stops when held-out text is predicted better without the teacher from here on.</summary>
    public static StopStep Auto => new(AutoMark);

    /// <summary>Whether the run finds out.</summary>
    public bool IsAuto => _step == AutoMark;

    /// <summary>The last step with the teacher; null when it is not fixed.</summary>
    public long? Fixed => _step > 0 ? _step : null;

    /// <summary>The teacher's last step is this one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is not positive.</exception>
    public static StopStep After(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        return new StopStep(step);
    }

    /// <summary>As the configuration writes it.</summary>
    public override string ToString() => IsAuto ? "auto" : _step > 0 ? FormattableString.Invariant($"{_step}") : "never";
}
