using Moiety.Training.Distillation;

namespace Moiety.Training.Tests.Distillation;

public class DistillationStateTests
{
    [Fact]
    public void The_teacher_goes_when_two_trials_in_a_row_are_lost()
    {
        DistillationState state = new("teacher");
        state = state.Open(4, 5, crossEntropyWithout: 2).Decide(crossEntropyWith: 2.1);
        Assert.Null(state.StoppedAfter);
        state = state.Open(8, 9, 2).Decide(1.9);
        state = state.Open(12, 13, 2).Decide(2.1);
        Assert.Null(state.StoppedAfter);
        state = state.Open(16, 17, 2).Decide(2.1);
        Assert.Equal(17, state.StoppedAfter);
    }

    [Fact]
    public void A_draw_keeps_the_teacher()
    {
        DistillationState state = new DistillationState("teacher").Open(4, 5, 2).Decide(2).Open(8, 9, 2).Decide(2);
        Assert.Equal(0, state.Losses);
        Assert.Null(state.StoppedAfter);
    }
}
