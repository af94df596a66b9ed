using Moiety.Models;
using Moiety.Planning.Presets;

namespace Moiety.Planning.Tests.Presets;

public class ShapeReaderTests
{
    [Fact]
    public void A_description_gives_the_model_of_the_paper() =>
        Assert.Equal(PaperModel.ByName("pr-moe-350m-32-64").Config, ShapeReader.Read("layers=24,hidden=1024,heads=16,experts=32x10+64x2,residual"));

    [Fact]
    public void One_number_of_experts_is_that_of_every_MoE_layer() =>
        Assert.Equal(PaperModel.ByName("moe-1.3b-128").Config, ShapeReader.Read("hidden=2048, heads=16, layers=24, experts=128"));

    [Fact]
    public void Every_preset_is_a_valid_configuration() => Assert.All(PaperModel.All, model => model.Config.Validate());

    [Theory]
    [InlineData("layers=24,hidden=1024", "heads is not given")]
    [InlineData("layers=24,hidden=1000,heads=16", "1000 is not divisible by the 16 heads")]
    [InlineData("layers=24,hidden=1024,heads=16,experts=32x10", "10 entries, but 24 layers with experts in every 2 make 12")]
    [InlineData("layers=24,hidden=1024,heads=16,experts=4,top-k=5", "5 is not between 1 and the 4 experts")]
    [InlineData("layers=24,hidden=1024,heads=16,experts=0", "number of experts: 0")]
    [InlineData("layers=24,hidden=1024,heads=16,experts=4x5x6", "\"4x5x6\"")]
    [InlineData("layers=24,hidden=1024,heads=16,width=3", "\"width=3\" is not understood")]
    [InlineData("layers=24,layers=24,hidden=1024,heads=16", "layers is given twice")]
    [InlineData("layers=999999999,hidden=1024,heads=16", "4,096")]
    [InlineData("layers=2,hidden=999999999,heads=1", "width above")]
    [InlineData("layers=2,hidden=64,heads=1,experts=2x99999999", "more than 4,096")]
    public void What_does_not_fit_is_refused_by_name_and_value(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => ShapeReader.Read(text)).Message, StringComparison.Ordinal);
}
