using Moiety.Data.Simulation;

namespace Moiety.Data.ToyLanguages;

/// <summary>Tavo: subject, recipient, object, place, verb; open syllables; endings for number, case and tense, one after the other.</summary>
internal sealed class Tavo() : ToyLanguage("Tavo", 101)
{
    private const string Consonants = "tvkmnlspr";
    private const string Vowels = "aeiou";

    internal override string Grammar => "subject-object-verb; adjective before noun; plural -mi; object -n, recipient -ke, place -so; past -ta, future -ru";

    private protected override string Coin(StoryRandom random, ToyConcept concept)
    {
        char[] word = new char[concept.Class == ToyClass.Adjective ? 4 : random.Chance(60) ? 4 : 6];
        for (int i = 0; i < word.Length; i++)
        {
            word[i] = i % 2 == 0 ? Consonants[random.Next(Consonants.Length)] : Vowels[random.Next(Vowels.Length)];
        }

        return new string(word);
    }

    private protected override IEnumerable<string> Words(ToySentence sentence) =>
    [
        .. Phrase(sentence.Subject, ""), .. Phrase(sentence.Recipient, "ke"), .. Phrase(sentence.Object, "n"),
        .. sentence.Place is { } place ? [Word(place) + "so"] : Array.Empty<string>(),
        Word(sentence.Verb) + (sentence.Tense switch { ToyTense.Past => "ta", ToyTense.Future => "ru", _ => "" }),
    ];

    private string[] Phrase(ToyPhrase? phrase, string ending)
    {
        if (phrase is null)
        {
            return [];
        }

        string noun = $"{Word(phrase.Noun)}{(phrase.Plural ? "mi" : "")}{ending}";
        return phrase.Adjective is null ? [noun] : [Word(phrase.Adjective), noun];
    }
}
