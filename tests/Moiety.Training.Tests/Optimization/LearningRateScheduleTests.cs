using Moiety.Training.Optimization;

namespace Moiety.Training.Tests.Optimization;

public class LearningRateScheduleTests
{
    private static readonly LearningRateSchedule Schedule = new(Peak: 1, Floor: 0.1, WarmupSteps: 10);

    [Fact]
    public void Rises_in_a_line_to_the_peak_and_falls_in_a_half_cosine_to_the_floor()
    {
        Assert.Equal(0.1, At(1), 9);
        Assert.Equal(0.5, At(5), 9);
        Assert.Equal(1, At(10), 9);
        Assert.Equal(0.55, At(55), 9);
        Assert.Equal(0.1, At(100), 9);
    }

    [Fact]
    public void Never_rises_after_the_warm_up()
    {
        for (int step = 11; step <= 100; step++)
        {
            Assert.True(At(step) < At(step - 1));
        }
    }

    private static double At(int step) => Schedule.At(step, progress: step / 100.0, warmupShare: 0.1);
}
