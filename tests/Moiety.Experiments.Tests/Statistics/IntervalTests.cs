using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Tests.Statistics;

public class IntervalTests
{
    [Fact]
    public void The_interval_of_three_values_is_that_of_the_textbook()
    {
        // Mean 5, standard deviation 1, standard error 0.5774, times 4.3027.
        Interval interval = Interval.Of([4.0, 5.0, 6.0]);
        Assert.Equal(5, interval.Mean, 12);
        Assert.Equal(2.4841, interval.HalfWidth, 4);
        Assert.Equal(2.5159, interval.Low, 4);
        Assert.True(interval.IsKnown);
    }

    [Fact]
    public void One_run_has_no_interval()
    {
        Interval interval = Interval.Of([3.5]);
        Assert.False(interval.IsKnown);
        Assert.Equal(3.5, interval.Mean);
    }

    [Fact]
    public void Ratios_are_averaged_so_that_two_and_one_half_give_one()
    {
        Interval interval = Interval.OfRatios([2.0, 0.5]);
        Assert.Equal(1, interval.Mean, 12);
        Assert.Equal(1 / interval.High, interval.Low, 9);
    }
}
