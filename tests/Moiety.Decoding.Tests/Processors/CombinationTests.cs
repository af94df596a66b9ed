using Moiety.Decoding.Processors;
using Moiety.Models;

namespace Moiety.Decoding.Tests.Processors;

/// <summary>What can't be combined is refused with the reason, and a parameter without its processor is no silence.</summary>
public class CombinationTests
{
    public static TheoryData<string, string> Contradictions =>
        new(LogitsProcessors.All.SelectMany(definition => definition.Excludes.Select(other => (definition.Name, other))));

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Contradictions_are_refused_with_the_reason(string first, string second)
    {
        ProcessorSettings settings = new() { Numbers = new Dictionary<string, double> { [first] = 1, [second] = 1 } };
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => LogitsProcessors.Create(settings));
        Assert.Contains(first, error.Message, StringComparison.Ordinal);
        Assert.Contains(second, error.Message, StringComparison.Ordinal);
        Assert.Contains("because", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_processor_that_a_definition_excludes_exists() =>
        Assert.All(Contradictions, row => Assert.Contains(LogitsProcessors.All, definition => definition.Name == row.Data.Item2));

    [Fact]
    public void Mirostat_contradicts_every_cut()
    {
        string[] cuts = [.. LogitsProcessors.All.Where(definition => definition.ShapesSampling && !definition.Name.EndsWith("temperature", StringComparison.Ordinal) && definition.Name != "mirostat").Select(definition => definition.Name)];
        Assert.Equal(cuts, LogitsProcessors.All.Single(definition => definition.Name == "mirostat").Excludes);
    }

    [Fact]
    public void A_parameter_without_its_processor_is_refused()
    {
        foreach (LogitsProcessorDefinition definition in LogitsProcessors.All)
        {
            foreach (ProcessorParameter parameter in definition.Parameters.Skip(1).Where(parameter => parameter.Default is not null))
            {
                InvalidInputException error = Assert.Throws<InvalidInputException>(() => LogitsProcessors.Create(new Dictionary<string, double> { [parameter.Name] = 1 }));
                Assert.Contains($"{parameter.Name} does nothing without {definition.Name}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Companions_have_defaults_and_take_what_is_given()
    {
        Dry dry = Assert.IsType<Dry>(LogitsProcessors.Create(new Dictionary<string, double> { ["dry-multiplier"] = 0.8, ["dry-range"] = 64 })[0]);
        Assert.Equal((0.8, 1.75, 2, 64), (dry.Multiplier, dry.Growth, dry.AllowedLength, dry.Range));
        Mirostat mirostat = Assert.IsType<Mirostat>(LogitsProcessors.Create(new Dictionary<string, double> { ["mirostat"] = 2, ["mirostat-tau"] = 3 })[0]);
        Assert.Equal((2, 3, 0.1), (mirostat.Version, mirostat.Target, mirostat.Rate));
        Xtc xtc = Assert.IsType<Xtc>(LogitsProcessors.Create(new ProcessorSettings { Numbers = new Dictionary<string, double> { ["xtc-probability"] = 0.5 }, Seed = 7 })[0]);
        Assert.Equal((0.5, 0.1, 7UL), (xtc.Probability, xtc.Threshold, xtc.Seed));
    }
}
