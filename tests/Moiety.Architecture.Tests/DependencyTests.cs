using System.Xml.Linq;

namespace Moiety.Architecture.Tests;

/// <summary>Arrows point down only: the table of docs/architecture.md, checked against the project files.</summary>
public class DependencyTests
{
    // What each part may reference. TorchSharp belongs to Training alone, so that an application that only runs models
    // never carries libtorch.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Moiety.Numerics"] = [],
        ["Moiety.Models"] = ["Moiety.Numerics"],
        ["Moiety.Planning"] = ["Moiety.Models", "Moiety.Numerics"],
        ["Moiety.Inference"] = ["Moiety.Models", "Moiety.Numerics"],
        ["Moiety.Decoding"] = ["Moiety.Inference", "Moiety.Models", "Moiety.Numerics"],
        ["Moiety.Data"] = ["Moiety.Models", "Moiety.Numerics"],
        ["Moiety.Training"] = ["Moiety.Models", "Moiety.Data", "Moiety.Numerics"],
        ["Moiety.Evaluation"] = ["Moiety.Decoding", "Moiety.Data", "Moiety.Inference", "Moiety.Models", "Moiety.Numerics"],
        ["Moiety.Experiments"] = ["Moiety.Numerics", "Moiety.Models", "Moiety.Inference", "Moiety.Decoding", "Moiety.Data", "Moiety.Evaluation", "Moiety.Training", "Moiety.Planning"],
        ["Moiety.Cli"] = ["Moiety.Numerics", "Moiety.Models", "Moiety.Inference", "Moiety.Decoding", "Moiety.Data", "Moiety.Evaluation", "Moiety.Training", "Moiety.Planning", "Moiety.Experiments"],
    };

    public static TheoryData<string> Projects => [.. Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .Select(path => Path.GetFileNameWithoutExtension(path)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_refers_only_downward(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"{project} is not in the dependency table: add its row.");
        string[] references = [.. References(project, "ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include)!)];
        Assert.Empty(references.Except(Allowed[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_training_carries_TorchSharp(string project)
    {
        bool carries = References(project, "PackageReference").Any(name => name.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(project == "Moiety.Training", carries);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_documentation_has_the_same_table(string project)
    {
        Dictionary<string, string[]> documented = File.ReadLines(Path.Combine(Repository.Root, "docs", "architecture.md"))
            .Where(line => line.StartsWith("| `Moiety.", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(
                cells => cells[1].Trim('`'),
                cells => cells[3] == "nothing" ? [] : cells[3].Split(", ").Select(name => "Moiety." + name).ToArray());
        Assert.Contains(project, documented);
        Assert.Equal(Allowed[project].Order(StringComparer.Ordinal), Reachable(project).Order(StringComparer.Ordinal));

        IEnumerable<string> Reachable(string from) => documented[from].Union(documented[from].SelectMany(Reachable));
    }

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"))
            .Descendants(kind)
            .Select(element => element.Attribute("Include")!.Value.Replace('\\', '/'));
}
