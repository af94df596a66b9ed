using Moiety.Models;
using Moiety.Planning.Clusters;

namespace Moiety.Planning.Tests.Clusters;

public class ClusterReaderTests
{
    [Fact]
    public void Every_preset_is_valid_and_found_by_name() => Assert.All(ClusterPresets.All, preset =>
    {
        preset.Cluster.Validate();
        Assert.Equal(preset.Cluster, ClusterReader.Read(preset.Cluster.Name.ToUpperInvariant()));
    });

    [Fact]
    public void Figures_replace_those_of_a_preset()
    {
        Cluster cluster = ClusterReader.Read("a100-80g, devices=128, price=$2, memory=40GiB, inter-bandwidth=100Gb/s, intra-latency=4us, memory-share=70%");
        Assert.Equal((128, 8, 2.0, 40.0 * (1L << 30)), (cluster.Devices, cluster.DevicesPerNode, cluster.PricePerHour, cluster.MemoryBytes));
        Assert.Equal(new Link(12.5e9, 5e-6), cluster.InterNode);
        Assert.Equal(new Link(300e9, 4e-6), cluster.IntraNode);
        Assert.Equal(0.7, cluster.BandwidthShare, 1e-12);
    }

    [Fact]
    public void A_file_says_the_same_as_a_line()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "mine.json");
        File.WriteAllText(path, """{ "devices": 4, "per-node": "2", "memory": "64GB", "memory-bandwidth": 1e11, "peak-fp32": "2TFLOPS", "intra-bandwidth": "50GB/s", "inter-bandwidth": "25Gb/s" }""");
        Cluster line = ClusterReader.Read("devices=4,per-node=2,memory=64e9,memory-bandwidth=100GB/s,peak-fp32=2e12,intra-bandwidth=50GB/s,inter-bandwidth=25Gb/s");
        Assert.Equal(line with { Name = "mine" }, ClusterReader.Read(path));
        File.WriteAllText(path, """{ "preset": "h100", "name": "ours", "devices": 64 }""");
        Assert.Equal(ClusterPresets.ByName("h100") with { Name = "ours", Devices = 64 }, ClusterReader.Read(path));
    }

    [Theory]
    [InlineData("a100-90g", "there is no cluster \"a100-90g\"")]
    [InlineData("", "there is no cluster \"\"")]
    [InlineData("devices=8,a100-80g", "a preset comes first")]
    [InlineData("a100-80g,device=8", "no \"device\"")]
    [InlineData("a100-80g,devices=8,devices=16", "devices is given twice")]
    [InlineData("a100-80g,devices=0", "\"0\" is not a whole number")]
    [InlineData("a100-80g,devices=-3", "\"-3\" is not a whole number")]
    [InlineData("a100-80g,devices=12", "12 cannot be divided into nodes of 8")]
    [InlineData("a100-80g,devices=99999999", "99999999 is not between")]
    [InlineData("a100-80g,memory=lots", "\"lots\" is not a size")]
    [InlineData("a100-80g,memory=-1GB", "memory: -1000000000 is not a positive number")]
    [InlineData("a100-80g,memory=NaN", "\"NaN\" is not a size")]
    [InlineData("a100-80g,memory-share=1.5", "1.5 is not a share")]
    [InlineData("a100-80g,intra-latency=5 weeks", "is not a time")]
    [InlineData("devices=2,memory=1GB,memory-bandwidth=1GB/s", "none of peak-fp32")]
    [InlineData("devices=2,memory=1GB,memory-bandwidth=1GB/s,peak-fp32=1T", "inter-bandwidth: 0 is not a positive number")]
    [InlineData("nowhere.json", "there is no such file")]
    public void What_does_not_fit_is_refused_by_name_and_value(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => ClusterReader.Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not JSON")]
    [InlineData("""{ "preset": "h100", "devices": [8] }""", "devices is neither a number nor a text")]
    [InlineData("""{ "preset": "h100", "speed": 8 }""", "no \"speed\"")]
    public void A_file_that_does_not_fit_is_named(string text, string message)
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "bad.json");
        File.WriteAllText(path, text);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => ClusterReader.Read(path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_precision_without_a_peak_is_refused() =>
        Assert.Contains("peak-fp8", Assert.Throws<InvalidInputException>(() => ClusterPresets.ByName("a100-80g").Peak(ComputePrecision.Fp8)).Message, StringComparison.Ordinal);
}
