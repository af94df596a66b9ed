using CsCheck;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;
using Moiety.Planning.Presets;
using Moiety.Planning.Serving;

namespace Moiety.Planning.Tests.Serving;

public class ServingTests
{
    private static readonly ModelCost Moe = ModelCost.Of(PaperModel.ByName("moe-1.3b-128").Config);

    [Fact]
    public void The_busiest_device_is_that_of_a_simulation()
    {
        Random random = new(3);
        foreach ((int experts, int topK, int tokens, int devices) in (ReadOnlySpan<(int, int, int, int)>)[(16, 2, 8, 4), (64, 1, 64, 8), (128, 1, 64, 8), (8, 2, 1, 1), (32, 4, 200, 4)])
        {
            const int Trials = 4000;
            long busiest = 0;
            for (int trial = 0; trial < Trials; trial++)
            {
                bool[] visited = new bool[experts];
                for (int token = 0; token < tokens; token++)
                {
                    int[] order = [.. Enumerable.Range(0, experts)];
                    random.Shuffle(order);
                    foreach (int expert in order.AsSpan(0, topK))
                    {
                        visited[expert] = true;
                    }
                }

                busiest += visited.Chunk(experts / devices).Max(own => own.Count(one => one));
            }

            // Devices are taken as independent, which they are not quite: the sum of their numbers is bounded.
            double simulated = (double)busiest / Trials;
            Assert.Equal(simulated, ExpertVisits.ExpectedBusiest(experts, topK, tokens, devices), 0.08 * simulated);
        }
    }

    [Fact]
    public void One_device_reads_what_the_mean_says_and_one_expert_per_device_is_read_whole() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 4000], Gen.Int[1, 8]).Where((experts, _, topK) => topK <= experts).Sample((experts, tokens, topK) =>
        {
            double distinct = ExpertVisits.ExpectedDistinct(experts, topK, tokens);
            Assert.Equal(Math.Max(1, distinct), ExpertVisits.ExpectedBusiest(experts, topK, tokens, 1), 1e-6 * experts);
            Assert.Equal(1, ExpertVisits.ExpectedBusiest(experts, topK, tokens, experts), 1e-9);
        });

    [Fact]
    public void Memory_of_a_device_falls_as_experts_are_divided_further()
    {
        double[] memory = [.. new[] { 1, 2, 4, 8, 16, 32, 64, 128 }.Select(degree =>
            ServingMemory.Of(Moe, ParallelLayout.Create(Moe, TestClusters.Round(128, 8), new LayoutOptions { ExpertParallel = [degree] }), new ServingWorkload()).Experts)];
        Assert.All(memory.Zip(memory.Skip(1)), pair => Assert.Equal(pair.First / 2, pair.Second, 1));
        Assert.Equal(Moe.ExpertParameters * 2.0, memory[0], 1);
    }

    [Fact]
    public void All_devices_together_hold_each_parameter_at_least_once() =>
        Gen.Select(TestClusters.Among(1, 2, 4, 8, 16, 32, 256), TestClusters.Among(1, 2, 4, 8)).Where((devices, tensor) => devices % tensor == 0).Sample((devices, tensor) =>
        {
            ParallelLayout layout = ParallelLayout.Create(Moe, TestClusters.Round(devices, 8), new LayoutOptions { Tensor = tensor, SliceSpareDevices = true });
            ServingMemory memory = ServingMemory.Of(Moe, layout, new ServingWorkload());
            Assert.Equal(layout.Replicas * Moe.NonExpertParameters * 2.0, devices * memory.NonExpert, 1e3);
            Assert.Equal(layout.MoeLayers[0].DataParallel * Moe.ExpertParameters * 2.0, devices * memory.Experts, 1e3);
        });

    [Fact]
    public void A_device_alone_reads_its_weights_and_keys_at_its_bandwidth()
    {
        ModelCost dense = ModelCost.Of(PaperModel.ByName("1.3b").Config);
        ServingWorkload workload = new() { SequencesPerDevice = 1, Context = 1000 };
        ServingPrediction prediction = ServingPlanner.Plan(dense, TestClusters.Round(1, 1), workload, new LayoutOptions());
        double bytes = (2.0 * dense.ActiveParameters) + (1000 * 2 * 2 * 2048 * 24);
        Assert.Equal(bytes / 1e12, prediction.Latency, prediction.Latency * 1e-9);
        Assert.Equal(2.0 * dense.ActiveParameters, prediction.CriticalBytes, 1);
        Assert.Equal(2 / 3600.0 * prediction.Latency * 1e6, prediction.PricePerMillion, 1e-6);
    }

    [Fact]
    public void Large_batches_are_bound_by_computing()
    {
        ModelCost dense = ModelCost.Of(PaperModel.ByName("350m").Config);
        ServingPrediction prediction = ServingPlanner.Plan(dense, TestClusters.Round(1, 1), new ServingWorkload { SequencesPerDevice = 5000, Context = 1 }, new LayoutOptions());
        Assert.Equal(5000 * dense.Forward(1).Total / 100e12, prediction.Latency, prediction.Latency * 1e-9);
    }

    [Fact]
    public void More_devices_with_the_same_work_each_serve_faster_and_more_per_device()
    {
        ServingPrediction[] predictions = [.. new[] { 8, 16, 32, 64 }.Select(devices =>
            ServingPlanner.Plan(Moe, ClusterPresets.ByName("a100-40g") with { Devices = devices }, new ServingWorkload(), new LayoutOptions { Tensor = 1 }))];
        foreach ((ServingPrediction fewer, ServingPrediction more) in predictions.Zip(predictions.Skip(1)))
        {
            Assert.True(more.CriticalExpertBytes < fewer.CriticalExpertBytes);
            Assert.True(more.Latency < fewer.Latency);
            Assert.True(more.TokensPerSecondPerDevice > fewer.TokensPerSecondPerDevice);
        }
    }

    [Fact]
    public void A_dense_model_gains_nothing_per_device_from_more_of_them()
    {
        ModelCost dense = ModelCost.Of(PaperModel.ByName("6.7b").Config);
        double[] rates = [.. new[] { 8, 16, 32 }.Select(devices =>
            ServingPlanner.Plan(dense, ClusterPresets.ByName("a100-40g") with { Devices = devices }, new ServingWorkload(), new LayoutOptions { Tensor = 1 }).TokensPerSecondPerDevice)];
        Assert.All(rates, rate => Assert.Equal(rates[0], rate, 1e-9));
    }

    [Fact]
    public void The_plan_is_the_fastest_of_all_degrees_that_fit()
    {
        Cluster cluster = ClusterPresets.ByName("a100-80g") with { Devices = 64 };
        ServingPrediction best = ServingPlanner.Plan(Moe, cluster, new ServingWorkload(), new LayoutOptions());
        foreach (int tensor in new[] { 1, 2, 4, 8 })
        {
            foreach (AllToAllKind kind in Enum.GetValues<AllToAllKind>())
            {
                ServingPrediction other = ServingPlanner.Plan(Moe, cluster, new ServingWorkload(), new LayoutOptions { Tensor = tensor }, kind);
                Assert.True(!other.Fits || best.Latency <= other.Latency * (1 + 1e-12));
            }
        }
    }

    [Fact]
    public void The_fewest_devices_fit_and_fewer_do_not()
    {
        Cluster cluster = ClusterPresets.ByName("a100-40g");
        ServingPrediction fewest = ServingPlanner.Smallest(Moe, cluster, new ServingWorkload(), new LayoutOptions())!;
        Assert.True(fewest.Fits);
        Assert.Equal(4, fewest.Cluster.Devices);
        Assert.False(ServingPlanner.Plan(Moe, cluster with { Devices = 2 }, new ServingWorkload(), new LayoutOptions()).Fits);
        Assert.Null(ServingPlanner.Smallest(Moe, cluster with { MemoryBytes = 1e6 }, new ServingWorkload(), new LayoutOptions()));
    }

    [Fact]
    public void Volume_of_a_layer_exchange_is_that_of_its_tokens()
    {
        // 16 tokens on each of 8 devices, one expert each: every device sends 16 rows of 100 bytes and gets as many back.
        MoeLayerLayout layer = new(0, 8, 8, 1, 1);
        ExpertExchange exchange = ExpertExchange.Of(TestClusters.Round(8, 4), layer, 1, 16, 1, 100, AllToAllKind.Flat);
        Assert.Equal((1600.0, 1600.0, 200.0), (exchange.Dispatch.Bytes, exchange.Return.Bytes, exchange.BytesPerPeer));
        Assert.Equal(2, exchange.Total.Hops / 8);

        // With two choices twice as many; with 4-way tensor slicing a quarter, and the gather brings the rest.
        Assert.Equal(3200, ExpertExchange.Of(TestClusters.Round(8, 4), layer, 1, 16, 2, 100, AllToAllKind.Flat).Dispatch.Bytes);
        ExpertExchange coordinated = ExpertExchange.Of(TestClusters.Round(8, 4), layer, 4, 16, 1, 100, AllToAllKind.Coordinated);
        Assert.Equal((400.0, 400.0, 1600.0), (coordinated.Dispatch.Bytes, coordinated.Return.Bytes, coordinated.Gather.Bytes));
        Assert.Equal(2 + 2 + 4, coordinated.Total.Hops);
    }
}
