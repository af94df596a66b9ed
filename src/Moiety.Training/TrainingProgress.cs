using System.Collections.Immutable;
using Moiety.Training.Routing;

namespace Moiety.Training;

/// <summary>What a run tells its observer: after every logging interval, evaluation and checkpoint, and while it prepares.</summary>
public sealed record TrainingProgress
{
    /// <summary>What the run is doing: <c>tokenizing</c>, <c>training</c>, <c>evaluating</c>, <c>checkpoint</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; init; }

    /// <summary>Steps of the whole run.</summary>
    public long Steps { get; init; }

    /// <summary>Share of the run that is done, by steps or by time, whichever is further.</summary>
    public double Completed { get; init; }

    /// <summary>Tokens trained on, or tokenized so far.</summary>
    public long Tokens { get; init; }

    /// <summary>Mean of cross-entropy plus weighted distillation and router losses since the last report.</summary>
    public double Loss { get; init; }

    /// <summary>Mean cross-entropy per token since the last report, in nats.</summary>
    public double CrossEntropy { get; init; }

    /// <summary>Mean of T^2 KL(teacher || student) per token since the last report, without its weight; null without a teacher.</summary>
    public double? Distillation { get; init; }

    /// <summary>The losses of the routers without their coefficients, each a mean over the layers that have it.</summary>
    public ImmutableArray<RouterLossMean> RouterLosses { get; init; } = [];

    /// <summary>Mean load-balancing loss per MoE layer; 1 is perfect balance, 0 where no layer has the loss.</summary>
    public double Balance => RouterLosses.FirstOrDefault(loss => loss.Name == RouterLossNames.Balance).Value;

    /// <summary>Mean router z-loss per MoE layer.</summary>
    public double RouterZ => RouterLosses.FirstOrDefault(loss => loss.Name == RouterLossNames.Z).Value;

    /// <summary>Learning rate of the last step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Norm of the gradients of the last step, before clipping.</summary>
    public double GradientNorm { get; init; }

    /// <summary>Tokens per second of wall time since the last report.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Tokens per second of processor time since the last report: comparable on a busy machine.</summary>
    public double TokensPerCpuSecond { get; init; }

    /// <summary>Training time so far, over all resumed parts.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Load of every MoE layer since the last report.</summary>
    public ImmutableArray<RouterLoad> Routers { get; init; } = [];

    /// <summary>What went wrong with the routers since the last report.</summary>
    public ImmutableArray<RouterAlarm> Alarms { get; init; } = [];

    /// <summary>
    /// Held-out cross-entropy that the run would have without its teacher, beside <see cref="Validation"/>; null where that was not tried.
    /// </summary>
    public double? CrossEntropyWithoutTeacher { get; init; }

    /// <summary>The newest evaluation, or null before the first.</summary>
    public EvaluationResult? Validation { get; init; }
}
