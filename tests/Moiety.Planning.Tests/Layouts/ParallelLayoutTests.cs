using CsCheck;
using Moiety.Models;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;
using Moiety.Planning.Presets;

namespace Moiety.Planning.Tests.Layouts;

public class ParallelLayoutTests
{
    private static readonly GptShape Small = new() { Layers = 6, Hidden = 64, Heads = 8, Experts = [32, 64, 128], Residual = true };

    // Section 4.1.3: 128 GPUs, {32, 64, 128} experts.
    [Fact]
    public void The_paper_example_has_one_expert_on_every_device()
    {
        ParallelLayout layout = Create(Small, 128, 8, new LayoutOptions());
        Assert.Equal([32, 64, 128], layout.MoeLayers.Select(layer => layer.ExpertParallel));
        Assert.Equal([4, 2, 1], layout.MoeLayers.Select(layer => layer.DataParallel));
        Assert.All(layout.MoeLayers, layer => Assert.Equal(1, layer.ExpertsPerDevice));
        Assert.Equal(128, layout.Replicas);
    }

    [Fact]
    public void Every_layout_divides_the_devices_and_the_experts_exactly() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 200], Gen.Bool).Sample((devices, experts, slices) =>
        {
            ParallelLayout layout = Create(Small with { Experts = [experts, experts, experts], TopK = 1 }, devices, devices, new LayoutOptions { SliceSpareDevices = slices });
            foreach (MoeLayerLayout layer in layout.MoeLayers)
            {
                Assert.Equal(devices, layer.ExpertParallel * layer.ExpertSlice * layer.DataParallel);
                Assert.Equal(experts, layer.ExpertsPerDevice * layer.ExpertParallel);
                Assert.True(layer.ExpertSlice == 1 || devices > experts);

                // Largest: no greater degree divides both.
                Assert.DoesNotContain(Enumerable.Range(layer.ExpertParallel + 1, devices), degree => devices % degree == 0 && experts % degree == 0);
            }
        });

    [Fact]
    public void More_devices_than_experts_slice_the_experts_inside_a_node_when_serving()
    {
        ParallelLayout layout = Create(Small, 256, 8, new LayoutOptions { SliceSpareDevices = true });
        Assert.Equal([8, 4, 2], layout.MoeLayers.Select(layer => layer.ExpertSlice));
        Assert.All(layout.MoeLayers, layer => Assert.Equal(1, layer.DataParallel));
    }

    public static TheoryData<int, LayoutOptions, string> Refused => new()
    {
        { 128, new LayoutOptions { ExpertParallel = [32, 64] }, "2 entries for 3 MoE layers" },
        { 96, new LayoutOptions { ExpertParallel = [48] }, "48 does not divide the 32 experts" },
        { 48, new LayoutOptions { ExpertParallel = [32] }, "32 does not divide the 48 devices" },
        { 12, new LayoutOptions { Tensor = 8 }, "8 does not divide the 12 devices" },
        { 12, new LayoutOptions { Tensor = 3 }, "3 does not divide the 8 attention heads" },
        { 12, new LayoutOptions { Tensor = 0 }, "0 is not a whole number" },
        { 32, new LayoutOptions { ExpertSlice = 2 }, "2, but 32 devices are not more than the 32 experts" },
        { 256, new LayoutOptions { ExpertSlice = 3 }, "3 does not divide the experts' width of 256" },
        { 256, new LayoutOptions { ExpertSlice = 16 }, "16 times the expert-parallel degree 32 does not divide the 256 devices" },
        { 256, new LayoutOptions { ExpertSlice = 0 }, "0 is not a whole number" },
        { 256, new LayoutOptions { ExpertParallel = [0] }, "0 is not a whole number" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Degrees_that_do_not_divide_are_refused_by_value(int devices, LayoutOptions options, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => Create(Small, devices, 8, options)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_dense_model_has_no_experts_to_divide() =>
        Assert.Contains("no experts", Assert.Throws<InvalidInputException>(() => Create(Small with { Experts = [] }, 8, 8, new LayoutOptions { ExpertParallel = [8] })).Message, StringComparison.Ordinal);

    private static ParallelLayout Create(GptShape shape, int devices, int perNode, LayoutOptions options) =>
        ParallelLayout.Create(ModelCost.Of(shape.ToConfig()), TestClusters.Round(devices, perNode), options);
}
