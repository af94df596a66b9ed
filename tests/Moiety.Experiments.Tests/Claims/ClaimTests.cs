using Moiety.Experiments.Claims;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Running;

namespace Moiety.Experiments.Tests.Claims;

public class ClaimTests
{
    private static readonly Experiment Experiment = TinyExperiment.Read();

    [Fact]
    public void Flops_to_a_loss_are_paired_by_seed()
    {
        // The arm meets the loss of the dense run of its own seed at a quarter and at a half of its operations.
        ClaimOutcome outcome = Check(
            "flops-to-loss",
            1,
            null,
            TinyExperiment.Result("dense", 1, 3.0, flops: 4e6),
            TinyExperiment.Result("moe", 1, 2.5, curve: [(1e6, 3.0), (4e6, 2.5)]),
            TinyExperiment.Result("dense", 2, 2.8, flops: 4e6),
            TinyExperiment.Result("moe", 2, 2.5, curve: [(1e6, 3.1), (2e6, 2.8), (4e6, 2.5)]),
            TinyExperiment.Result("moe", 3, 9.0));
        Assert.Equal(Math.Sqrt(4 * 2), outcome.Figure!.Value.Mean, 9);
        Assert.Equal(2, outcome.Figure.Value.Count);
        Assert.Equal(0, outcome.Missing);
    }

    [Fact]
    public void A_loss_that_one_seed_never_reaches_refutes_the_claim()
    {
        ClaimOutcome outcome = Check(
            "flops-to-loss",
            1,
            null,
            TinyExperiment.Result("dense", 1, 3.0, flops: 4e6),
            TinyExperiment.Result("moe", 1, 2.5, curve: [(1e6, 3.0)]),
            TinyExperiment.Result("dense", 2, 2.0),
            TinyExperiment.Result("moe", 2, 2.5));
        Assert.Equal(1, outcome.Missing);
        Assert.Equal(Verdict.DoesNotHold, outcome.Verdict);
    }

    [Theory]
    [InlineData(0.05, 0.06, 0.07, Verdict.Holds)] // 0.06 ± 0.025
    [InlineData(0.01, 0.06, 0.11, Verdict.HoldsOnAverage)] // 0.06 ± 0.124
    [InlineData(0.01, 0.02, 0.03, Verdict.DoesNotHold)]
    public void A_verdict_looks_at_the_whole_interval(double first, double second, double third, Verdict expected)
    {
        double[] gains = [first, second, third];
        ArmResult[] results = [.. gains.SelectMany((gain, seed) => (ArmResult[])[TinyExperiment.Result("dense", seed, 3), TinyExperiment.Result("moe", seed, 3 - gain)])];
        Assert.Equal(expected, Check("loss-gain", 0.03, null, results).Verdict);
    }

    [Fact]
    public void One_run_shows_nothing_but_an_average() => Assert.Equal(
        Verdict.HoldsOnAverage,
        Check("loss-gain", 0.03, null, TinyExperiment.Result("dense", 1, 3), TinyExperiment.Result("moe", 1, 2)).Verdict);

    [Fact]
    public void What_follows_from_the_configuration_is_certain_from_one_run()
    {
        ArmResult[] results = [TinyExperiment.Result("dense", 1, 3, parameters: 2000, layers: 8), TinyExperiment.Result("moe", 1, 3, parameters: 1000, layers: 7)];
        Assert.Equal(Verdict.Holds, Check("parameter-ratio", 2, null, results).Verdict);
        Assert.Equal(Verdict.DoesNotHold, Check("parameter-ratio", 2.001, null, results).Verdict);
        Assert.Equal(Verdict.Holds, Check("layer-reduction", 12.5, 25, results).Verdict);
        Assert.Equal(Verdict.DoesNotHold, Check("layer-reduction", 12.6, 25, results).Verdict);
    }

    [Fact]
    public void An_upper_bound_bounds_from_above()
    {
        ArmResult[] results = [TinyExperiment.Result("dense", 1, 2), TinyExperiment.Result("moe", 1, 2.01), TinyExperiment.Result("dense", 2, 2), TinyExperiment.Result("moe", 2, 2.01)];
        ClaimOutcome outcome = Check("loss-excess", null, 0.6, results);
        Assert.Equal(0.5, outcome.Figure!.Value.Mean, 9);
        Assert.Equal(Verdict.Holds, outcome.Verdict);
        Assert.Equal(Verdict.DoesNotHold, Check("loss-excess", null, 0.4, results).Verdict);
    }

    [Fact]
    public void Without_a_common_seed_nothing_is_measured()
    {
        ClaimOutcome outcome = Check("loss-gain", 0, null, TinyExperiment.Result("dense", 1, 3), TinyExperiment.Result("moe", 2, 3));
        Assert.Equal(Verdict.NotMeasured, outcome.Verdict);
        Assert.Null(outcome.Figure);
    }

    private static ClaimOutcome Check(string kind, double? atLeast, double? atMost, params ArmResult[] results) => new Claim(
        ClaimKind.All.Single(known => known.Name == kind),
        Experiment.FindArm("moe")!,
        Experiment.FindArm("dense")!,
        new Bound(atLeast, atMost)).Check(results);
}
