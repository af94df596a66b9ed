using Moiety.Data.ToyLanguages;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>docs/story-world.md lists what the registries hold.</summary>
public sealed class DocumentationTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "story-world.md"));

    [Fact]
    public void Every_kind_of_document_is_in_the_table_with_its_weight() => Assert.All(
        StoryWorldKind.All, kind => Assert.Contains($"| `{kind.Name}` | {kind.Description} | {kind.DefaultWeight} |", Page, StringComparison.Ordinal));

    [Fact]
    public void Every_toy_language_is_in_the_table_with_its_grammar_and_a_sentence() => Assert.All(ToyLanguage.All, language =>
    {
        ToyPhrase Phrase(string noun) => new(ToyConcept.All.Single(concept => concept.Name == noun), false, null);
        ToySentence sentence = new(Phrase("girl"), ToyConcept.All.Single(concept => concept.Name == "see"), ToyTense.Present, Phrase("cat"), null, null);

        Assert.Contains($"| {language.Name} | {language.Grammar} | {language.Write(sentence)} |", Page, StringComparison.Ordinal);
    });

    [Fact]
    public void Every_kind_of_question_is_in_the_table() => Assert.All(
        Corpora.Mixed.SelectMany(document => document.Questions).Select(question => question.Kind).Distinct(), kind => Assert.Contains($"| {kind} |", Page, StringComparison.Ordinal));
}
