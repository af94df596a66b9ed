using Moiety.Data.ToyLanguages;

namespace Moiety.Data.Tests.ToyLanguages;

/// <summary>The toy languages say what their English says.</summary>
public sealed class ToyLanguageTests
{
    [Fact]
    public void Every_toy_sentence_can_be_read_back_as_its_event_and_as_nothing_else()
    {
        int sentences = 0;
        foreach (StoryDocument document in StoryWorld.Corpora.OfKind("toy-language", 2500))
        {
            ToyLanguage language = ToyLanguage.All.Single(candidate => candidate.Name == document.Language);
            foreach (StoryTranslation pair in document.Translations)
            {
                ToySentence[] read = ToyParser.Parse(language, pair.Text);
                Assert.True(read.Length == 1, $"{pair.Text} reads as {string.Join(" or ", read.Select(ToyEnglish.Write))}; it means {pair.English}");
                Assert.Equal(pair.English, ToyEnglish.Write(read[0]));
                Assert.Equal(document.Events[pair.Event], Event(read[0]));
                sentences++;
            }
        }

        Assert.True(sentences > 8000, $"only {sentences} sentences");
    }

    [Fact]
    public void The_languages_put_verb_subject_and_object_in_different_orders()
    {
        ToyConcept girl = ToyConcept.All.Single(concept => concept.Name == "girl");
        ToyConcept cat = ToyConcept.All.Single(concept => concept.Name == "cat");
        ToyConcept see = ToyConcept.All.Single(concept => concept.Name == "see");
        ToySentence sentence = new(new ToyPhrase(girl, false, null), see, ToyTense.Present, new ToyPhrase(cat, false, null), null, null);

        Assert.Equal(["SOV", "VSO", "OVS"], ToyLanguage.All.Select(language =>
        {
            string[] words = language.Write(sentence).TrimEnd('.').ToLowerInvariant().Split(' ');
            return string.Concat(words.Select(word => (word.StartsWith(language.Word(girl), StringComparison.Ordinal), word.StartsWith(language.Word(cat), StringComparison.Ordinal), word.StartsWith(language.Word(see), StringComparison.Ordinal)) switch
            {
                (true, _, _) => "S",
                (_, true, _) => "O",
                (_, _, true) => "V",
                _ => "",
            }));
        }));
    }

    [Fact]
    public void The_text_shows_the_aligned_sentences()
    {
        foreach (StoryDocument document in StoryWorld.Corpora.OfKind("toy-language", 500).Where(document => document.Text.StartsWith("English:", StringComparison.Ordinal)))
        {
            Assert.Equal(string.Join('\n', document.Translations.Select(pair => $"English: {pair.English}\n{pair.Language}: {pair.Text}")), document.Text);
        }
    }

    private static StoryEvent Event(ToySentence sentence) => new(
        sentence.Verb.Name, Name(sentence.Subject), Name(sentence.Recipient), Name(sentence.Object), Place: sentence.Place?.Name, Detail: sentence.Tense.ToString().ToLowerInvariant());

    private static string? Name(ToyPhrase? phrase) =>
        phrase is null ? null : string.Join(' ', new[] { phrase.Adjective?.Name, phrase.Plural ? phrase.Noun.Other : phrase.Noun.Name }.OfType<string>());
}
