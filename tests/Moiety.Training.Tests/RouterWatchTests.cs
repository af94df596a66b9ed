using Moiety.Training.Modules;

namespace Moiety.Training.Tests;

/// <summary>Alarms come when their condition has held for as long as they say, and not before.</summary>
public class RouterWatchTests
{
    [Fact]
    public void Uneven_load_for_500_steps_in_a_row_raises_an_alarm_and_a_better_step_starts_anew()
    {
        RouterWatch watch = new();
        List<long> raised = [];
        for (int step = 1; step <= 1200; step++)
        {
            // One of four experts has everything: the coefficient of variation is sqrt(3). Step 100 is even.
            watch.Add([new RouterStatistics(2, step == 100 ? [5, 5, 5, 5] : [20, 0, 0, 0], 0)]);
            foreach (RouterAlarm alarm in watch.EndStep().Where(alarm => alarm.Expert is null))
            {
                Assert.Equal((2, 500), (alarm.Layer, alarm.Steps));
                Assert.Equal(Math.Sqrt(3), alarm.Measure, 9);
                raised.Add(step);
            }
        }

        Assert.Equal([600, 1100], raised);
    }

    [Fact]
    public void An_expert_with_less_than_a_tenth_of_its_share_over_1000_steps_raises_an_alarm_by_its_number()
    {
        RouterWatch watch = new();
        List<RouterAlarm> raised = [];
        for (int step = 1; step <= 2000; step++)
        {
            // Two micro-batches; expert 2 gets nothing in most steps, and in the second thousand its tenth.
            watch.Add([new RouterStatistics(0, [10, 10, 0], 0), new RouterStatistics(1, [10, 10, 10], 0)]);
            watch.Add([new RouterStatistics(0, [10, 10, step > 1000 ? 4 : step % 10 == 0 ? 1 : 0], 0)]);
            foreach (RouterAlarm alarm in watch.EndStep())
            {
                Assert.Equal(1000, step);
                raised.Add(alarm);
            }
        }

        RouterAlarm single = Assert.Single(raised);
        Assert.Equal((0, 2, 1000), (single.Layer, single.Expert, single.Steps));
        Assert.Contains("expert 2", single.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Even_loads_raise_nothing()
    {
        RouterWatch watch = new();
        for (int step = 0; step < 2500; step++)
        {
            watch.Add([new RouterStatistics(0, [9, 11, 10, 0], 0), new RouterStatistics(0, [0, 0, 0, 9], 0)]);
            Assert.Empty(watch.EndStep());
        }
    }
}
