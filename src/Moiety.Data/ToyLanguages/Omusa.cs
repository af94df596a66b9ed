using Moiety.Data.Simulation;

namespace Moiety.Data.ToyLanguages;

/// <summary>Omusa: place, object, recipient, verb, subject, tense; words that begin with a vowel; plural by doubling; the verb agrees with its subject.</summary>
internal sealed class Omusa() : ToyLanguage("Omusa", 303)
{
    private const string Vowels = "aeiou";
    private const string Consonants = "mslwnyd";

    internal override string Grammar => "object-verb-subject; adjective after noun; plural doubles the first two letters; subject -m, recipient -l, place -sa; the verb ends in -n (she), -r (he), -k (it), -s (they); last word ti past, wo future";

    private protected override string Coin(StoryRandom random, ToyConcept concept)
    {
        char[] word = new char[random.Chance(50) ? 3 : 5];
        for (int i = 0; i < word.Length; i++)
        {
            word[i] = i % 2 == 0 ? Vowels[random.Next(Vowels.Length)] : Consonants[random.Next(Consonants.Length)];
        }

        return new string(word);
    }

    private protected override IEnumerable<string> Words(ToySentence sentence) =>
    [
        .. sentence.Place is { } place ? [Word(place) + "sa"] : Array.Empty<string>(),
        .. Phrase(sentence.Object, ""), .. Phrase(sentence.Recipient, "l"), Word(sentence.Verb) + Agreement(sentence.Subject), .. Phrase(sentence.Subject, "m"),
        .. sentence.Tense switch { ToyTense.Past => ["ti"], ToyTense.Future => ["wo"], _ => Array.Empty<string>() },
    ];

    private static string Agreement(ToyPhrase subject) => subject.Plural ? "s" : subject.Noun.Class switch
    {
        ToyClass.Feminine => "n",
        ToyClass.Masculine => "r",
        _ => "k",
    };

    private string[] Phrase(ToyPhrase? phrase, string ending)
    {
        if (phrase is null)
        {
            return [];
        }

        string noun = Word(phrase.Noun);
        noun = $"{(phrase.Plural ? noun[..2] : "")}{noun}{ending}";
        return phrase.Adjective is null ? [noun] : [noun, Word(phrase.Adjective)];
    }
}
