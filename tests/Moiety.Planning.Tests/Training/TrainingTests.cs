using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;
using Moiety.Planning.Presets;
using Moiety.Planning.Training;

namespace Moiety.Planning.Tests.Training;

public class TrainingTests
{
    [Fact]
    public void A_device_alone_takes_the_operations_over_its_peak_and_the_optimizer()
    {
        ModelCost dense = ModelCost.Of(PaperModel.ByName("350m").Config);
        TrainingWorkload workload = new() { BatchSequences = 64, Tokens = 1e9 };
        TrainingPrediction prediction = TrainingPlanner.Plan(dense, TestClusters.Round(1, 1), workload, new LayoutOptions());
        double computing = 64 * 2048 * dense.TrainingFlops(2048) / 100e12;
        Assert.Equal(computing, prediction.ComputeSeconds, computing * 1e-9);
        Assert.Equal(dense.Parameters * ((2 * 12.0) + 4) / 1e12, prediction.OptimizerSeconds, 1e-9);
        Assert.Equal(prediction.ComputeSeconds + prediction.OptimizerSeconds, prediction.StepSeconds, 1e-12);
        Assert.Equal(1e9 / (64 * 2048) * prediction.StepSeconds, prediction.TotalSeconds, prediction.TotalSeconds * 1e-9);
        Assert.Equal(prediction.TotalSeconds / 3600 * 2, prediction.Price, prediction.Price * 1e-9);
    }

    // 16 bytes of a parameter with 16-bit weights and Adam: arXiv 1910.02054, section 3.1.
    [Theory]
    [InlineData(0, 16)]
    [InlineData(1, 4 + (12.0 / 8))]
    [InlineData(2, 2 + (14.0 / 8))]
    public void Weights_gradients_and_states_take_the_bytes_that_ZeRO_counts(int stage, double bytes)
    {
        ModelCost dense = ModelCost.Of(PaperModel.ByName("1.3b").Config);
        TrainingMemory memory = TrainingMemory.Of(dense, ParallelLayout.Create(dense, TestClusters.Round(8, 8), new LayoutOptions()), new TrainingWorkload { ZeroStage = stage });
        Assert.Equal(bytes * dense.Parameters, memory.Weights + memory.Gradients + memory.States, 100.0);
    }

    // Korthikanti et al., arXiv 2205.05198: 34 bytes per token and element of width in each layer without the scores.
    [Fact]
    public void Activations_of_a_GPT_are_near_the_published_formula()
    {
        ModelCost dense = ModelCost.Of(PaperModel.ByName("6.7b").Config);
        TrainingMemory memory = TrainingMemory.Of(dense, ParallelLayout.Create(dense, TestClusters.Round(1, 1), new LayoutOptions()), new TrainingWorkload());
        Assert.Equal(1, memory.Activations / (2048.0 * 4096 * 32 * 34), 0.05);
    }

    [Fact]
    public void Computing_again_takes_a_third_more_and_keeps_less()
    {
        ModelCost moe = ModelCost.Of(PaperModel.ByName("moe-350m-128").Config);
        Cluster cluster = TestClusters.Round(16, 8);
        TrainingPrediction kept = TrainingPlanner.Plan(moe, cluster, new TrainingWorkload(), new LayoutOptions { Tensor = 1 });
        TrainingPrediction again = TrainingPlanner.Plan(moe, cluster, new TrainingWorkload { Recompute = true }, new LayoutOptions { Tensor = 1 });
        Assert.Equal(4.0 / 3, again.ComputeSeconds / kept.ComputeSeconds, 1e-9);
        Assert.True(again.Memory.Activations < kept.Memory.Activations / 5);
    }

    [Fact]
    public void Memory_falls_with_the_expert_parallel_degree_and_copies_share_their_states()
    {
        ModelCost moe = ModelCost.Of(PaperModel.ByName("moe-350m-128").Config);
        double[] totals = [.. new[] { 1, 2, 4, 8, 16, 32 }.Select(degree =>
            TrainingMemory.Of(moe, ParallelLayout.Create(moe, TestClusters.Round(32, 8), new LayoutOptions { ExpertParallel = [degree] }), new TrainingWorkload { ZeroStage = 0 }).Total)];
        Assert.All(totals.Zip(totals.Skip(1)), pair => Assert.True(pair.Second < pair.First));
    }

    [Fact]
    public void A_dense_model_of_equal_quality_costs_about_five_times_as_much()
    {
        double flops = ModelCost.Of(PaperModel.ByName("6.7b").Config).TrainingFlops(2048) / ModelCost.Of(PaperModel.ByName("moe-1.3b-128").Config).TrainingFlops(2048);
        Assert.Equal(5, flops, 0.25);
    }

    [Fact]
    public void Twice_the_bandwidth_between_nodes_never_makes_a_step_longer()
    {
        ModelCost moe = ModelCost.Of(PaperModel.ByName("pr-moe-350m-32-64").Config);
        double last = double.MaxValue;
        for (double bandwidth = 1e9; bandwidth < 1e12; bandwidth *= 2)
        {
            Cluster cluster = TestClusters.Round(64, 8);
            double step = TrainingPlanner.Plan(moe, cluster with { InterNode = cluster.InterNode with { BytesPerSecond = bandwidth } }, new TrainingWorkload(), new LayoutOptions { Tensor = 1 }).StepSeconds;
            Assert.True(step <= last);
            last = step;
        }
    }

    public static TheoryData<TrainingWorkload, string> Refused => new()
    {
        { new TrainingWorkload { CapacityFactor = 0 }, "capacity: 0" },
        { new TrainingWorkload { BatchSequences = 0 }, "batch: 0" },
        { new TrainingWorkload { Tokens = -1 }, "tokens: -1" },
        { new TrainingWorkload { ZeroStage = 3 }, "zero: 3" },
        { new TrainingWorkload { Precision = ComputePrecision.Fp8 }, "fp8" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Figures_that_make_no_sense_are_refused_by_value(TrainingWorkload workload, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(workload.Validate).Message, StringComparison.Ordinal);
}
