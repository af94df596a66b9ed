using Moiety.Planning.Costs;
using Moiety.Planning.Presets;
using Moiety.Planning.Published;

namespace Moiety.Planning.Tests.Published;

public class PaperTests
{
    [Fact]
    public void The_number_of_parameters_of_every_row_is_within_two_percent() =>
        Assert.All(PaperModel.All.Where(model => model.PublishedBillions is not null), model =>
            Assert.Contains(SizeComparison.All, row => row.Model == model && row.Fits));

    // The rows of 8B and 24B print each other's depth: with them exchanged the sizes fit, and so do the names of the bases.
    [Fact]
    public void The_two_printed_depths_that_do_not_fit_are_exchanged()
    {
        SizeComparison[] misfits = [.. SizeComparison.All.Where(row => !row.Fits)];
        Assert.Equal([("moe-8b-128", 30), ("moe-24b-128", 40)], misfits.Select(row => (row.Model.Name, row.Layers)));
        Assert.All(misfits, row => Assert.True(row.IsPublishedDepth && Math.Abs(row.Deviation) > 0.2));
        PaperModel first = PaperModel.ByName("moe-8b-128");
        PaperModel second = PaperModel.ByName("moe-24b-128");
        Assert.Equal((first.PublishedLayers, second.PublishedLayers), (second.Shape.Layers, first.Shape.Layers));
    }

    [Theory]
    [InlineData("moe-1.3b-128", 1.3)]
    [InlineData("moe-2.4b-128", 2.4)]
    [InlineData("moe-8b-128", 8)]
    [InlineData("moe-24b-128", 24)]
    [InlineData("moe-47b-128", 47)]
    public void The_base_of_a_row_has_the_size_that_it_is_named_after(string name, double billions)
    {
        ModelCost dense = ModelCost.Of((PaperModel.ByName(name).Shape with { Experts = [] }).ToConfig());
        Assert.Contains((double[])[dense.Parameters / 1e9, (dense.Parameters - dense.EmbeddingParameters) / 1e9], size => Math.Abs((size / billions) - 1) < 0.04);
    }

    // The tutorial of DeepSpeed-MoE inference: 805 M parameters outside the experts of the 52B model.
    [Fact]
    public void Outside_the_experts_the_52B_model_has_what_the_tutorial_says()
    {
        ModelCost cost = ModelCost.Of(PaperModel.ByName("moe-1.3b-128").Config);
        Assert.Equal(805, (cost.NonExpertParameters - cost.EmbeddingParameters - cost.Layers.Sum(layer => layer.RouterParameters)) / 1e6, 1.0);
    }

    [Fact]
    public void Every_trend_of_the_paper_comes_out() => Assert.All(PaperClaims.Evaluate(), claim => Assert.True(claim.Holds, $"{claim.Subject}: {claim.Predicted}"));
}
