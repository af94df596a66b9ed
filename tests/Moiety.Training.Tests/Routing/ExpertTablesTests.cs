using CsCheck;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing;

public class ExpertTablesTests
{
    [Fact]
    public void A_random_table_is_the_same_in_every_process_and_on_every_machine()
    {
        float[] table = new float[12];
        ExpertTables.FillRandom(table, 7, seed: 42, layer: 3);
        // From the definitions of the generator and of the draw, by another implementation.
        Assert.Equal([1f, 1, 0, 5, 0, 6, 5, 5, 5, 2, 3, 6], table);
    }

    [Fact]
    public void Seeds_and_layers_have_tables_of_their_own_that_name_all_experts_about_equally_often()
    {
        float[] Table(ulong seed, int layer)
        {
            float[] table = new float[8000];
            ExpertTables.FillRandom(table, 8, seed, layer);
            return table;
        }

        Assert.Equal(Table(1, 0), Table(1, 0));
        Assert.NotEqual(Table(1, 0), Table(2, 0));
        Assert.NotEqual(Table(1, 0), Table(1, 1));

        // 1000 expected, the standard deviation is 30.
        Assert.All(Enumerable.Range(0, 8), expert => Assert.InRange(Table(1, 0).Count(value => value == expert), 850, 1150));
    }

    [Fact]
    public void A_balanced_table_spreads_the_corpus_as_evenly_as_its_most_frequent_id_allows() => Gen.Select(
        Gen.Int[2, 9], Gen.Long[0, 1000].Array[1, 80]).Sample((experts, counts) =>
    {
        float[] table = new float[counts.Length];
        ExpertTables.FillBalanced(table, experts, counts);
        long[] loads = [.. Enumerable.Range(0, experts).Select(expert => counts.Where((_, id) => table[id] == expert).Sum(count => count + 1))];
        Assert.Equal(counts.Sum(count => count + 1), loads.Sum());

        // What joined the fullest expert last is no larger than any other, and the expert was the emptiest then.
        long lightest = counts.Where((_, id) => table[id] == Array.IndexOf(loads, loads.Max())).Min() + 1;
        Assert.True(loads.Max() - lightest <= loads.Min());
    });
}
