using CsCheck;
using Moiety.Experiments.Running;

namespace Moiety.Experiments.Tests.Running;

public class LossCurveTests
{
    [Fact]
    public void Between_two_evaluations_the_loss_falls_with_the_logarithm_of_the_cost()
    {
        LossCurve curve = Curve((100, 4), (10_000, 2));
        Assert.Equal(1000, curve.CostAt(3, point => point.Flops)!.Value, 6);
        Assert.Equal(10_000, curve.CostAt(2, point => point.Flops)!.Value, 6);
    }

    [Fact]
    public void A_loss_that_is_never_reached_has_no_cost() => Assert.Null(Curve((1, 4), (2, 3.5)).CostAt(3, point => point.Flops));

    [Fact]
    public void A_loss_that_the_first_evaluation_is_below_costs_what_that_one_did() => Assert.Equal(7, Curve((7, 2), (9, 1)).CostAt(3, point => point.Flops));

    [Fact]
    public void The_first_time_below_counts() => Assert.Equal(4, Curve((1, 4), (4, 3), (8, 3.5), (16, 2)).CostAt(3, point => point.Flops)!.Value, 9);

    // loss = a - b ln(cost) is the law that the interpolation is exact for, wherever the evaluations lie.
    [Fact]
    public void A_logarithmic_curve_is_met_exactly() => Gen.Select(Gen.Double[3, 6], Gen.Double[0.1, 1], Gen.Double[1.5, 900]).Sample((a, b, cost) =>
    {
        LossCurve curve = Curve([.. ((double[])[1, 3, 10, 50, 400, 1000]).Select(at => (at, a - (b * Math.Log(at))))]);
        Assert.Equal(1, curve.CostAt(a - (b * Math.Log(cost)), point => point.Flops)!.Value / cost, 9);
    });

    private static LossCurve Curve(params (double Flops, double Loss)[] points) =>
        new([.. points.Select((point, index) => new CurvePoint(index + 1, index + 1, point.Flops, 0, 0, point.Loss))]);
}
