using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Distillation;
using Moiety.Training.Tests.Modules;

namespace Moiety.Training.Tests.Distillation;

public class DepthReductionTests
{
    [Fact]
    public void Twenty_four_layers_become_the_papers_twenty_one()
    {
        // PR-MoE-32/64: an MoE layer behind every dense one, the last two with twice the experts.
        ModelConfig teacher = Pyramid(24, layer => layer % 2 == 0 ? 0 : layer < 20 ? 32 : 64);
        ModelConfig student = DepthReduction.Describe(teacher, 21);
        int[] experts = [.. student.FeedForwards.Select(layer => layer.Moe?.ExpertCount ?? 0)];
        Assert.Equal(21, experts.Length);
        Assert.Equal(8, experts.Count(count => count == 32));
        Assert.Equal(2, experts.Count(count => count == 64));
        Assert.Equal([64, 0, 64], experts[^3..]);
    }

    [Fact]
    public void The_tail_and_the_first_layer_stay_for_every_depth_that_leaves_room()
    {
        ModelConfig teacher = Pyramid(12, layer => layer < 8 ? 4 : 8);
        for (int layers = 5; layers <= 12; layers++)
        {
            int[] kept = [.. DepthReduction.KeptLayers(teacher, layers)];
            Assert.Equal(layers, kept.Distinct().Count());
            Assert.Equal(kept.Order(), kept);
            Assert.Equal(0, kept[0]);
            Assert.Equal([8, 9, 10, 11], kept[^4..]);
        }

        Assert.Equal([9, 10, 11], DepthReduction.KeptLayers(teacher, 3));
    }

    [Fact]
    public void Parameters_find_their_layer_in_the_teacher()
    {
        Assert.Equal("model.layers.12.mlp.gate.weight", DepthReduction.TeacherName("model.layers.1.mlp.gate.weight", [0, 12]));
        Assert.Equal("model.norm.weight", DepthReduction.TeacherName("model.norm.weight", [0, 12]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(25)]
    public void A_depth_that_the_teacher_cannot_give_is_refused(int layers) =>
        Assert.Throws<InvalidInputException>(() => DepthReduction.KeptLayers(Pyramid(24, _ => 4), layers));

    private static ModelConfig Pyramid(int layers, Func<int, int> experts) => TinyModules.Config(
        [.. Enumerable.Range(0, layers).Select(layer => experts(layer) is > 0 and var count ? TinyModules.Experts(count, 1, normalize: false, residual: true) : TinyModules.Dense)]);
}
