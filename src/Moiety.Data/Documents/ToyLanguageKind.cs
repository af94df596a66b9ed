using System.Text;
using Moiety.Data.Simulation;
using Moiety.Data.ToyLanguages;

namespace Moiety.Data.Documents;

/// <summary>Toy languages: sentences aligned with English, a text in the language alone, or questions for a translation.</summary>
internal sealed class ToyLanguageKind : DocumentKind
{
    private static readonly ToyConcept[] Beings = ToyConcept.Of(ToyClass.Feminine, ToyClass.Masculine, ToyClass.Animal);
    private static readonly ToyConcept[] People = ToyConcept.Of(ToyClass.Feminine, ToyClass.Masculine);
    private static readonly ToyConcept[] Objects = ToyConcept.Of(ToyClass.Object);
    private static readonly ToyConcept[] Places = ToyConcept.Of(ToyClass.Place);
    private static readonly ToyConcept[] Adjectives = ToyConcept.Of(ToyClass.Adjective);
    private static readonly ToyConcept[] VerbsOfBeings = ToyConcept.Of(ToyClass.Intransitive, ToyClass.Motion, ToyClass.Transitive, ToyClass.Transitive, ToyClass.Ditransitive);

    internal override string Name => "toy-language";

    internal override string Description => "Tavo, Rikel and Omusa: aligned with English, alone, and as translation questions";

    internal override int DefaultWeight => 3;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StoryRandom random = context.Random;
        ToyLanguage language = random.Pick(ToyLanguage.All);
        int form = random.Next(10);
        ToyPhrase? hero = random.Chance(60) ? Being(random, Beings) : null;
        ToySentence[] sentences = new ToySentence[form < 5 ? random.Between(3, 6) : form < 7 ? random.Between(4, 8) : random.Between(1, 3)];
        for (int i = 0; i < sentences.Length; i++)
        {
            sentences[i] = Sentence(random, hero, VerbsOfBeings);
        }

        StoryTranslation[] translations = [.. sentences.Select((sentence, at) => new StoryTranslation(language.Name, ToyEnglish.Write(sentence), language.Write(sentence), at))];
        StoryQuestion[] questions = form < 7 ? [] : [.. sentences.Select(sentence => Ask(random, language, sentence)).DistinctBy(question => question.Question)];
        string text = form < 5 ? Aligned(translations) : form < 7 ? $"{language.Name}: {string.Join(' ', translations.Select(pair => pair.Text))}" : QuestionsKind.Append("", questions).Trim('\n');
        return
        [
            new StoryDocument(context.Id, Name, text, Language: language.Name)
            {
                Events = [.. sentences.Select(Event)], Translations = translations, Questions = questions,
            },
        ];
    }

    private static string Aligned(StoryTranslation[] translations)
    {
        StringBuilder text = new();
        foreach (StoryTranslation pair in translations)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append("English: ").Append(pair.English).Append('\n').Append(pair.Language).Append(": ").Append(pair.Text);
        }

        return text.ToString();
    }

    private static ToySentence Sentence(StoryRandom random, ToyPhrase? hero, ToyConcept[] verbs)
    {
        ToyConcept verb = random.Pick(verbs);
        ToyPhrase subject = hero ?? Being(random, Beings);
        ToyPhrase? target = null;
        ToyPhrase? recipient = null;
        ToyConcept? place = null;
        switch (verb.Class)
        {
            case ToyClass.Transitive:
                target = random.Chance(30) ? Being(random, Array.FindAll(Beings, being => being != subject.Noun)) : Being(random, Objects);
                break;
            case ToyClass.Ditransitive:
                target = Being(random, Objects);
                recipient = Being(random, Array.FindAll(People, being => being != subject.Noun));
                break;
        }

        if (verb.Class == ToyClass.Motion || (verb.Class != ToyClass.Ditransitive && random.Chance(verb.Class == ToyClass.Intransitive ? 60 : 20)))
        {
            place = random.Pick(Places);
        }

        return new ToySentence(subject, verb, (ToyTense)random.Next(3), target, recipient, place);
    }

    private static ToyPhrase Being(StoryRandom random, ToyConcept[] nouns) =>
        new(random.Pick(nouns), random.Chance(25), random.Chance(25) ? random.Pick(Adjectives) : null);

    private static StoryQuestion Ask(StoryRandom random, ToyLanguage language, ToySentence sentence)
    {
        bool toEnglish = random.Chance(40);
        Func<ToySentence, string> ask = toEnglish ? language.Write : ToyEnglish.Write;
        Func<ToySentence, string> answer = toEnglish ? ToyEnglish.Write : language.Write;
        string right = answer(sentence);
        ToySentence[] wrong =
        [
            sentence with { Tense = (ToyTense)(((int)sentence.Tense + 1 + random.Next(2)) % 3) },
            sentence with { Subject = sentence.Subject with { Plural = !sentence.Subject.Plural } },
            sentence with { Verb = random.Pick(Array.FindAll(VerbsOfBeings, verb => verb.Class == sentence.Verb.Class && verb != sentence.Verb)) },
        ];
        string[] choices = [right, .. wrong.Select(answer)];
        random.Shuffle<string>(choices);
        return new StoryQuestion($"What is this in {(toEnglish ? "English" : language.Name)}? {ask(sentence)}", right, toEnglish ? "translate-to-english" : "translate", choices);
    }

    private static StoryEvent Event(ToySentence sentence) => new(
        sentence.Verb.Name, Describe(sentence.Subject), Describe(sentence.Recipient), Describe(sentence.Object), Place: sentence.Place?.Name,
        Detail: sentence.Tense.ToString().ToLowerInvariant());

    private static string? Describe(ToyPhrase? phrase) =>
        phrase is null ? null : $"{(phrase.Adjective is { } adjective ? $"{adjective.Name} " : "")}{(phrase.Plural ? phrase.Noun.Other : phrase.Noun.Name)}";
}
