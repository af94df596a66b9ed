using System.Text;
using System.Text.Json;
using Moiety.Models.Families;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Families;

/// <summary>The table in <c>docs/families.md</c> is what the tests cover: no family in it without an oracle that we did not write.</summary>
public class FamilyDocumentationTests
{
    private const string Start = "<!-- families -->\n";
    private const string End = "<!-- /families -->";

    [Fact]
    public void The_table_of_families_lists_what_is_tested_and_against_what()
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "families.md"));
        string table = document[(document.IndexOf(Start, StringComparison.Ordinal) + Start.Length)..document.IndexOf(End, StringComparison.Ordinal)];
        Assert.Equal(Table(), table);
    }

    private static string Table()
    {
        ILookup<string, string> variants = FamilyCases.All.Values.ToLookup(
            example => JsonDocument.Parse(example.Config).RootElement.GetProperty("model_type").GetString()!,
            example => example.Oracle == FamilyOracle.LlamaCpp ? example.Name : "");
        ILookup<string, string> fixtures = Directory.GetDirectories(TransformersFixture.Root).Where(folder => Path.GetFileName(folder) != "falcon-rw").ToLookup(
            folder => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json"))).RootElement.GetProperty("model_type").GetString()!,
            folder => Path.GetFileName(folder)!);
        StringBuilder table = new("| `model_type` | models | GGUF | llama.cpp | transformers |\n|---|---|---|---|---|\n");
        foreach (ModelFamily family in ModelFamilies.All.Where(family => family.Name != "moiety_moe"))
        {
            int parity = variants[family.Name].Count(name => name.Length > 0) + fixtures[family.Name].Count(EncoderCases.LlamaCpp.Contains);

            // The model of DeepSpeed's files is a GPT-2 of transformers.
            int computed = fixtures[family.Name].Count() + (family.Name == "megatron_moe" ? 1 : 0);
            Assert.True(parity + computed > 0, $"{family.Name} has no oracle.");
            table.Append($"| `{family.Name}` | {family.Models} | {(family.HasGguf ? $"`{family.GgufArchitecture}`" : "none")} | {Count(parity)} | {Count(computed)} |\n");
        }

        return table.ToString();
    }

    private static string Count(int number) => number > 0 ? $"{number}" : "";
}
