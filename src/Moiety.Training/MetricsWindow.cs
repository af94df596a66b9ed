using System.Collections.Immutable;
using System.Diagnostics;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;

namespace Moiety.Training;

/// <summary>Adds up what happens between two lines of metrics.</summary>
internal sealed class MetricsWindow(TrainingConfig config)
{
    private readonly SortedDictionary<int, (long[] Load, long Dropped)> _routers = [];
    private double _crossEntropy;
    private double _balance;
    private double _routerZ;
    private long _tokens;
    private int _passes;
    private long _start = Stopwatch.GetTimestamp();
    private TimeSpan _processorStart = Process.GetCurrentProcess().TotalProcessorTime;

    /// <summary>Adds a micro-batch.</summary>
    internal void Add(TrainingPassResult result, long tokens)
    {
        _crossEntropy += result.CrossEntropySum;
        _balance += result.Balance;
        _routerZ += result.RouterZ;
        _tokens += tokens;
        _passes++;
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

    /// <summary>The sums as means, put into a report; starts over.</summary>
    internal TrainingProgress Close(TrainingProgress report)
    {
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        double processor = (Process.GetCurrentProcess().TotalProcessorTime - _processorStart).TotalSeconds;
        double crossEntropy = _crossEntropy / _tokens;
        double balance = _balance / _passes;
        double routerZ = _routerZ / _passes;
        TrainingProgress closed = report with
        {
            CrossEntropy = crossEntropy,
            Balance = balance,
            RouterZ = routerZ,
            Loss = crossEntropy + (_routers.Count * ((balance * config.BalanceCoefficient) + (routerZ * config.RouterZCoefficient))),
            TokensPerSecond = _tokens / seconds,
            TokensPerCpuSecond = _tokens / processor,
            Routers = [.. _routers.Select(pair => Share(pair.Key, pair.Value.Load, pair.Value.Dropped))],
        };
        Restart();
        return closed;
    }

    /// <summary>Starts over, without what lies between (an evaluation, a checkpoint).</summary>
    internal void Restart()
    {
        _routers.Clear();
        (_crossEntropy, _balance, _routerZ, _tokens, _passes) = (0, 0, 0, 0, 0);
        _start = Stopwatch.GetTimestamp();
        _processorStart = Process.GetCurrentProcess().TotalProcessorTime;
    }

    private static RouterLoad Share(int layer, long[] load, long dropped)
    {
        double total = load.Sum();
        return new RouterLoad(layer, [.. load.Select(count => count / total)], dropped / total);
    }
}
