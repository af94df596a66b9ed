using Moiety.Training.Modules;

namespace Moiety.Training;

/// <summary>
/// Watches what routers do, step by step, and raises an alarm when the coefficient of variation of a layer's load stays above 1 for
/// <see cref="UnevenSteps"/> steps, and when an expert gets less than a tenth of an even share over <see cref="DeadSteps"/> steps. An alarm
/// is raised again when the same goes on for as long again.
/// </summary>
internal sealed class RouterWatch
{
    /// <summary>Steps of uneven load in a row that raise an alarm.</summary>
    internal const int UnevenSteps = 500;

    /// <summary>Steps over which the load of single experts is added up.</summary>
    internal const int DeadSteps = 1000;

    private const double DeadShare = 0.1;

    private readonly SortedDictionary<int, Layer> _layers = [];

    /// <summary>Adds what the routers did in one micro-batch of the step.</summary>
    internal void Add(IEnumerable<RouterStatistics> routers)
    {
        foreach (RouterStatistics router in routers)
        {
            if (!_layers.TryGetValue(router.Layer, out Layer? layer))
            {
                layer = new Layer(router.Load.Length);
                _layers.Add(router.Layer, layer);
            }

            for (int expert = 0; expert < router.Load.Length; expert++)
            {
                layer.Step[expert] += router.Load[expert];
            }
        }
    }

    /// <summary>Ends the step.</summary>
    /// <returns>The alarms that it raises.</returns>
    internal IEnumerable<RouterAlarm> EndStep()
    {
        List<RouterAlarm> alarms = [];
        foreach ((int number, Layer layer) in _layers)
        {
            double variation = Variation(layer.Step);
            layer.Uneven = variation > 1 ? layer.Uneven + 1 : 0;
            if (layer.Uneven == UnevenSteps)
            {
                alarms.Add(new RouterAlarm(number, null, variation, UnevenSteps));
                layer.Uneven = 0;
            }

            for (int expert = 0; expert < layer.Step.Length; expert++)
            {
                layer.Sum[expert] += layer.Step[expert];
            }

            Array.Clear(layer.Step);
            if (++layer.Steps == DeadSteps)
            {
                double even = (double)layer.Sum.Sum() / layer.Sum.Length;
                alarms.AddRange(layer.Sum.Index().Where(expert => expert.Item < DeadShare * even)
                    .Select(expert => new RouterAlarm(number, expert.Index, expert.Item / even, DeadSteps)));
                Array.Clear(layer.Sum);
                layer.Steps = 0;
            }
        }

        return alarms;
    }

    private static double Variation(long[] load)
    {
        double mean = load.Average();
        return mean == 0 ? 0 : Math.Sqrt(load.Average(count => (count - mean) * (count - mean))) / mean;
    }

    private sealed class Layer(int experts)
    {
        internal long[] Step { get; } = new long[experts];

        internal long[] Sum { get; } = new long[experts];

        internal int Steps { get; set; }

        internal int Uneven { get; set; }
    }
}
