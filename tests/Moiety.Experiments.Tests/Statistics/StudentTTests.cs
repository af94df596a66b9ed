using CsCheck;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Tests.Statistics;

public class StudentTTests
{
    // The columns 0.90, 0.95 and 0.99 (two-sided) of the table that every textbook prints.
    [Theory]
    [InlineData(0.95, 1, 12.706)]
    [InlineData(0.95, 2, 4.303)]
    [InlineData(0.95, 3, 3.182)]
    [InlineData(0.95, 4, 2.776)]
    [InlineData(0.95, 5, 2.571)]
    [InlineData(0.95, 10, 2.228)]
    [InlineData(0.95, 30, 2.042)]
    [InlineData(0.95, 120, 1.980)]
    [InlineData(0.90, 1, 6.314)]
    [InlineData(0.90, 2, 2.920)]
    [InlineData(0.99, 2, 9.925)]
    [InlineData(0.99, 9, 3.250)]
    public void Bounds_are_those_of_the_textbook_table(double probability, int degrees, double expected) =>
        Assert.Equal(expected, StudentT.Bound(probability, degrees), 3);

    [Fact]
    public void A_bound_is_kept_with_its_probability() => Gen.Select(Gen.Double[0.01, 0.999], Gen.Int[1, 200]).Sample((probability, degrees) =>
        Assert.Equal(probability, StudentT.Within(StudentT.Bound(probability, degrees), degrees), 9));

    // The density by its definition, integrated by Simpson's rule.
    [Theory]
    [InlineData(1, 2.0)]
    [InlineData(2, 1.3)]
    [InlineData(5, 2.5)]
    [InlineData(8, 0.7)]
    public void The_probability_is_the_integral_of_the_density(int degrees, double bound)
    {
        const int Pieces = 20_000;
        double width = bound / Pieces;
        double area = 0;
        double whole = 0;
        for (int i = 0; i <= Pieces; i++)
        {
            area += Weight(i) * Density(i * width) * width / 3;
        }

        // Substituting t = tan(u) makes the whole line finite.
        double step = Math.PI / 2 / Pieces;
        for (int i = 0; i < Pieces; i++)
        {
            double u = (i + 0.5) * step;
            whole += Density(Math.Tan(u)) / (Math.Cos(u) * Math.Cos(u)) * step;
        }

        Assert.Equal(area / whole, StudentT.Within(bound, degrees), 6);

        double Density(double t) => Math.Pow(1 + (t * t / degrees), -(degrees + 1) / 2.0);

        static int Weight(int i) => i is 0 or Pieces ? 1 : i % 2 == 1 ? 4 : 2;
    }
}
