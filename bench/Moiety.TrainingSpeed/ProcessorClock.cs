namespace Moiety.TrainingSpeed;

/// <summary>Processor time of this process, which other work on the machine hardly changes.</summary>
internal static class ProcessorClock
{
    /// <summary>Milliseconds of one call, from as many calls as take a tenth of a second.</summary>
    internal static double Milliseconds(Action action)
    {
        const double Enough = 100;
        TimeSpan start = Environment.CpuUsage.TotalTime;
        int calls = 0;
        double spent;
        do
        {
            action();
            calls++;
            spent = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        }
        while (spent < Enough);
        return spent / calls;
    }

    /// <summary>
    /// Medians of several actions that take turns, so that a change of the machine's speed meets all of them. Each is called twice
    /// before, when code is compiled and memory comes in.
    /// </summary>
    internal static double[] Medians(int runs, params ReadOnlySpan<Action> actions)
    {
        double[][] times = new double[actions.Length][];
        for (int i = 0; i < actions.Length; i++)
        {
            times[i] = new double[runs];
            actions[i]();
            actions[i]();
        }

        for (int run = 0; run < runs; run++)
        {
            for (int i = 0; i < actions.Length; i++)
            {
                times[i][run] = Milliseconds(actions[i]);
            }
        }

        return [.. times.Select(each => each.Order().ElementAt(runs / 2))];
    }
}
