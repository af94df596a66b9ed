using Moiety.Experiments.Definitions;
using Moiety.Models;

namespace Moiety.Experiments.Tests.Definitions;

public class ExperimentCatalogTests
{
    public static TheoryData<string> Names => [.. ExperimentCatalog.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_experiment_reads_in_both_sizes(string name)
    {
        Experiment experiment = ExperimentCatalog.Open(name);
        Assert.Equal(name, experiment.Name);
        Assert.Equal(3, experiment.Seeds.Length);
        Assert.NotEmpty(experiment.Claims);
        Assert.Equal($"{name}-large", ExperimentCatalog.Open(name, large: true).Name);
    }

    [Fact]
    public void The_catalog_is_the_folder_of_recipes() => Assert.Equal(
        Directory.GetFiles(Path.Combine(Repository.Root, "recipes", "experiments"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal),
        ExperimentCatalog.Names);

    [Fact]
    public void An_unknown_name_lists_the_known_ones() =>
        Assert.Contains(string.Join(", ", ExperimentCatalog.Names), Assert.Throws<InvalidInputException>(() => ExperimentCatalog.Open("nothing")).Message, StringComparison.Ordinal);
}
