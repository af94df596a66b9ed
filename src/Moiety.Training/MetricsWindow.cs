using System.Collections.Immutable;
using System.Diagnostics;
using Moiety.Training.Modules;
using Moiety.Training.Routing;

namespace Moiety.Training;

/// <summary>Adds up what happens between two lines of metrics.</summary>
internal sealed class MetricsWindow
{
    private readonly SortedDictionary<int, (long[] Load, long Dropped)> _routers = [];
    private double _crossEntropy;
    private double _distillation;
    private readonly SortedDictionary<string, double> _routerLosses = new(StringComparer.Ordinal);
    private readonly RouterWatch _watch = new();
    private readonly List<RouterAlarm> _alarms = [];
    private double _routerLoss;
    private long _tokens;
    private int _passes;
    private long _start = Stopwatch.GetTimestamp();
    private TimeSpan _processorStart = Process.GetCurrentProcess().TotalProcessorTime;

    /// <summary>Adds a micro-batch.</summary>
    internal void Add(TrainingPassResult result, long tokens)
    {
        _crossEntropy += result.CrossEntropySum;
        _distillation += result.DistillationSum;
        _routerLoss += result.RouterLoss;
        foreach (RouterLossMean loss in result.RouterLosses)
        {
            _routerLosses[loss.Name] = _routerLosses.GetValueOrDefault(loss.Name) + loss.Value;
        }

        _tokens += tokens;
        _passes++;
        _watch.Add(result.Routers);
        foreach (RouterStatistics router in result.Routers)
        {
            (long[] load, long dropped) = _routers.GetValueOrDefault(router.Layer, (new long[router.Load.Length], 0));
            for (int i = 0; i < load.Length; i++)
            {
                load[i] += router.Load[i];
            }

            _routers[router.Layer] = (load, dropped + router.Dropped);
        }
    }

    /// <summary>Ends an optimizer step: after its last micro-batch.</summary>
    internal void EndStep() => _alarms.AddRange(_watch.EndStep());

    /// <summary>The sums as means, put into a report; starts over.</summary>
    /// <param name="report">The report.</param>
    /// <param name="distillationWeight">Weight of the teacher's loss, or null without a teacher.</param>
    internal TrainingProgress Close(TrainingProgress report, double? distillationWeight)
    {
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        double processor = (Process.GetCurrentProcess().TotalProcessorTime - _processorStart).TotalSeconds;
        double crossEntropy = _crossEntropy / _tokens;
        double? distillation = distillationWeight.HasValue ? _distillation / _tokens : null;
        TrainingProgress closed = report with
        {
            CrossEntropy = crossEntropy,
            Distillation = distillation,
            RouterLosses = [.. _routerLosses.Select(loss => new RouterLossMean(loss.Key, loss.Value / _passes))],
            Loss = crossEntropy + ((distillation * distillationWeight) ?? 0) + (_routerLoss / _passes),
            Alarms = [.. _alarms],
            TokensPerSecond = _tokens / seconds,
            TokensPerCpuSecond = _tokens / processor,
            Routers = [.. _routers.Select(pair => Share(pair.Key, pair.Value.Load, pair.Value.Dropped))],
        };
        _alarms.Clear();
        Restart();
        return closed;
    }

    /// <summary>Starts over, without what lies between (an evaluation, a checkpoint).</summary>
    internal void Restart()
    {
        _routers.Clear();
        _routerLosses.Clear();
        (_crossEntropy, _distillation, _routerLoss, _tokens, _passes) = (0, 0, 0, 0, 0);
        _start = Stopwatch.GetTimestamp();
        _processorStart = Process.GetCurrentProcess().TotalProcessorTime;
    }

    private static RouterLoad Share(int layer, long[] load, long dropped)
    {
        double total = load.Sum();
        return new RouterLoad(layer, [.. load.Select(count => count / total)], dropped / total);
    }
}
