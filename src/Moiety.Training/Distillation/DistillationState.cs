namespace Moiety.Training.Distillation;

/// <summary>Where the distillation of a run is; part of its checkpoints.</summary>
/// <param name="Teacher">Hash of the teacher.</param>
internal sealed record DistillationState(string Teacher)
{
    // Trials in a row that a run must lose before its teacher goes: one may be lost by chance.
    private const int Patience = 2;

    /// <summary>The step at which the last trial started; 0 before the first.</summary>
    public long TrialStart { get; init; }

    /// <summary>The step at which the trial is decided; 0 when none is open.</summary>
    public long TrialEnd { get; init; }

    /// <summary>Held-out cross-entropy that the run would have at the trial's end without its teacher.</summary>
    public double CrossEntropyWithout { get; init; }

    /// <summary>Trials in a row in which the run was better without its teacher.</summary>
    public int Losses { get; init; }

    /// <summary>The last step with the teacher, where a trial decided it.</summary>
    public long? StoppedAfter { get; init; }

    /// <summary>The state with an open trial.</summary>
    internal DistillationState Open(long start, long end, double crossEntropyWithout) =>
        this with { TrialStart = start, TrialEnd = end, CrossEntropyWithout = crossEntropyWithout };

    /// <summary>The state after the open trial.</summary>
    /// <param name="crossEntropyWith">Held-out cross-entropy of the run, which had its teacher.</param>
    internal DistillationState Decide(double crossEntropyWith)
    {
        int losses = crossEntropyWith > CrossEntropyWithout ? Losses + 1 : 0;
        return this with { TrialEnd = 0, Losses = losses, StoppedAfter = losses >= Patience ? TrialEnd : null };
    }
}
