using CsCheck;
using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;

namespace Moiety.Planning.Tests.Communication;

public class CollectiveTests
{
    // A slow, obvious exchange: every message is a row, each device sends its rows one after another, the slowest device counts.
    private sealed record Message(int From, int To, double Bytes, int Step);

    [Theory]
    [InlineData(4, 2, 2)]
    [InlineData(8, 2, 2)]
    [InlineData(8, 4, 4)]
    [InlineData(16, 4, 4)]
    [InlineData(16, 8, 2)]
    public void Hops_are_p_then_G_plus_p_over_G_then_p_over_L(int devices, int perNode, int tensor)
    {
        Cluster cluster = TestClusters.Round(devices, perNode);
        Assert.Equal(devices, Collectives.Flat(cluster, devices, 1).Hops);
        Assert.Equal(perNode + (devices / perNode), Collectives.Hierarchical(cluster, devices, 1).Hops);
        Assert.Equal(devices / tensor, Collectives.Coordinated(cluster, devices, tensor, 1).Hops);
        Assert.Equal(tensor, Collectives.AllGather(cluster, tensor, 1).Hops);
    }

    [Fact]
    public void The_hierarchical_volume_is_twice_the_flat_one_and_the_coordinated_one_is_divided_by_L() =>
        Gen.Select(Gen.Int[1, 6], TestClusters.Among(2, 4, 8), TestClusters.Among(1, 2, 4), Gen.Double[1, 1e9]).Sample((nodes, perNode, tensor, bytes) =>
        {
            Cluster cluster = TestClusters.Round(nodes * perNode, perNode);
            double flat = Collectives.Flat(cluster, cluster.Devices, bytes).Bytes;
            Assert.Equal(2 * flat, Collectives.Hierarchical(cluster, cluster.Devices, bytes).Bytes, flat * 1e-12);
            if (cluster.Devices % tensor == 0)
            {
                Assert.Equal(flat / tensor, Collectives.Coordinated(cluster, cluster.Devices, tensor, bytes).Bytes, flat * 1e-12);
            }
        });

    [Fact]
    public void Times_are_those_of_an_exchange_that_is_walked_message_by_message() =>
        Gen.Select(Gen.Int[1, 5], TestClusters.Among(1, 2, 4), Gen.Double[1, 1e8]).Sample((nodes, perNode, bytes) =>
        {
            Cluster cluster = TestClusters.Round(nodes * perNode, perNode);
            int p = cluster.Devices;
            List<Message> flat = [];
            List<Message> hierarchical = [];
            for (int from = 0; from < p; from++)
            {
                for (int to = 0; to < p; to++)
                {
                    flat.Add(new(from, to, bytes, 0));

                    // By way of the device of the sender's node that has the receiver's place.
                    int relay = (from / perNode * perNode) + (to % perNode);
                    hierarchical.Add(new(from, relay, bytes, 0));
                    hierarchical.Add(new(relay, to, bytes, 1));
                }
            }

            Assert.Equal(Walk(cluster, flat), Collectives.Flat(cluster, p, bytes).Seconds, 1e-9);
            double layouts = 4 * p * bytes / cluster.MemoryBandwidth;
            Assert.Equal(Walk(cluster, hierarchical) + layouts, Collectives.Hierarchical(cluster, p, bytes).Seconds, 1e-9);
        });

    [Fact]
    public void Nodes_of_one_device_have_nothing_to_gain_from_the_hierarchy()
    {
        Cluster cluster = ClusterReader.Read("cpu-8");

        Assert.Equal(1, cluster.DevicesPerNode);
        Assert.True(Collectives.Hierarchical(cluster, 8, 100).Seconds > Collectives.Flat(cluster, 8, 100).Seconds);
    }

    [Fact]
    public void Hierarchical_wins_with_small_messages_and_flat_with_large_ones()
    {
        Cluster cluster = TestClusters.Round(64, 8);
        Assert.True(Collectives.Hierarchical(cluster, 64, 100).Seconds < Collectives.Flat(cluster, 64, 100).Seconds);
        Assert.True(Collectives.Hierarchical(cluster, 64, 100e6).Seconds > Collectives.Flat(cluster, 64, 100e6).Seconds);

        // Between the two it turns once.
        bool[] wins = [.. Enumerable.Range(0, 60).Select(step => Math.Pow(1.4, step) * 10).Select(bytes => Collectives.Hierarchical(cluster, 64, bytes).Seconds < Collectives.Flat(cluster, 64, bytes).Seconds)];
        Assert.Equal(1, wins.Zip(wins.Skip(1)).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void Only_whole_nodes_exchange_hierarchically()
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Collectives.Hierarchical(TestClusters.Round(12, 8), 12, 1));
        Assert.Contains("12", error.Message, StringComparison.Ordinal);
        Assert.Contains("8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Degrees_that_do_not_divide_each_other_are_not_coordinated()
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Collectives.Coordinated(TestClusters.Round(12, 4), 6, 4, 1));
        Assert.Contains("6 devices", error.Message, StringComparison.Ordinal);
        Assert.Contains("degree 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_all_reduce_takes_the_faster_of_ring_and_doubling()
    {
        Cluster cluster = TestClusters.Round(8, 8);
        Assert.Equal(3 * (2e-6 + (1000 / 100e9)), Collectives.AllReduce(cluster, 8, 1000).Seconds, 1e-12);
        Assert.Equal((14 * 2e-6) + (14.0 / 8 * 1e9 / 100e9), Collectives.AllReduce(cluster, 8, 1e9).Seconds, 1e-9);
        Assert.Equal(0, Collectives.AllReduce(cluster, 1, 1e9).Seconds);
    }

    // Messages of a step between the same two devices are one; a message to oneself is none.
    private static double Walk(Cluster cluster, IEnumerable<Message> messages) => messages
        .GroupBy(message => message.Step)
        .Sum(step => step
            .GroupBy(message => message.From)
            .Max(sender => sender
                .Where(message => message.From != message.To)
                .GroupBy(message => message.To)
                .Sum(pair =>
                {
                    Link link = sender.Key / cluster.DevicesPerNode == pair.Key / cluster.DevicesPerNode ? cluster.IntraNode : cluster.InterNode;
                    return link.LatencySeconds + (pair.Sum(message => message.Bytes) / link.BytesPerSecond);
                })));
}
