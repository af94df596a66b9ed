using CsCheck;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing;

/// <summary>
/// By Sinkhorn's theorem the plan is the only matrix with the wanted sums of rows and columns whose logarithm differs from the logits by a
/// number for each row and one for each column. The tests ask for these properties.
/// </summary>
public class SinkhornTests
{
    private static readonly Gen<(float[] Logits, int Experts)> Cases = Gen.Select(Gen.Int[1, 200], Gen.Int[1, 8]).SelectMany((tokens, experts) =>
        Gen.Float[-3, 3].Array[tokens * experts].Select(logits => (logits, experts)));

    [Fact]
    public void Every_token_gives_one_and_every_expert_gets_its_share_to_a_token() => Cases.Sample(sample =>
    {
        float[] plan = Sinkhorn.Plan(sample.Logits, sample.Experts);
        int tokens = plan.Length / sample.Experts;
        Assert.All(plan.Chunk(sample.Experts), row => Assert.Equal(1, row.Sum(value => (double)value), 1e-5));
        for (int expert = 0; expert < sample.Experts; expert++)
        {
            double sum = Enumerable.Range(0, tokens).Sum(token => (double)plan[(token * sample.Experts) + expert]);
            Assert.True(Math.Abs(sum - ((double)tokens / sample.Experts)) < 1, $"expert {expert} of {sample.Experts} has {sum} of {tokens} tokens");
        }
    });

    [Fact]
    public void Only_rows_and_columns_of_the_exponentials_are_scaled() => Cases.Sample(sample =>
    {
        float[] plan = Sinkhorn.Plan(sample.Logits, sample.Experts);
        double[] difference = [.. plan.Select((value, i) => Math.Log(value) - sample.Logits[i])];
        for (int i = sample.Experts; i < plan.Length; i++)
        {
            int expert = i % sample.Experts;
            int row = i - expert;
            Assert.Equal(difference[expert] - difference[0], difference[i] - difference[row], 1e-4);
        }
    });

    [Fact]
    public void Logits_of_any_size_give_finite_plans()
    {
        foreach (float size in (float[])[1e3f, 1e30f])
        {
            float[] plan = Sinkhorn.Plan([size, 0, -size, size, -size, 0, size, -size, 0], 3);
            Assert.All(plan, value => Assert.InRange(value, 0, 1));
        }
    }
}
