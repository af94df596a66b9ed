using Moiety.Data.Simulation;

namespace Moiety.Data.ToyLanguages;

/// <summary>Rikel: verb, subject, object, recipient, place; closed syllables; particles for case, prefixes for tense, agreement in number.</summary>
internal sealed class Rikel() : ToyLanguage("Rikel", 202)
{
    private const string Onsets = "bdgjkrtzfh";
    private const string Vowels = "aeio";
    private const string Codas = "lnrskt";

    internal override string Grammar => "verb-subject-object; adjective after noun and plural with it (u-); particles ba (object), lo (recipient), ne (place); past da-, future si-; verb -en with a plural subject";

    private protected override string Coin(StoryRandom random, ToyConcept concept)
    {
        string word = Syllable(random);
        return concept.Class is ToyClass.Adjective or ToyClass.Transitive || random.Chance(45) ? word : $"{word[..2]}{Syllable(random)}";
    }

    private protected override IEnumerable<string> Words(ToySentence sentence) =>
    [
        (sentence.Tense switch { ToyTense.Past => "da", ToyTense.Future => "si", _ => "" }) + Word(sentence.Verb) + (sentence.Subject.Plural ? "en" : ""),
        .. Phrase(sentence.Subject), .. Marked("ba", sentence.Object), .. Marked("lo", sentence.Recipient),
        .. sentence.Place is { } place ? ["ne", Word(place)] : Array.Empty<string>(),
    ];

    private static string Syllable(StoryRandom random) =>
        $"{Onsets[random.Next(Onsets.Length)]}{Vowels[random.Next(Vowels.Length)]}{Codas[random.Next(Codas.Length)]}";

    private string[] Marked(string particle, ToyPhrase? phrase) => phrase is null ? [] : [particle, .. Phrase(phrase)];

    private string[] Phrase(ToyPhrase phrase)
    {
        string number = phrase.Plural ? "u" : "";
        return phrase.Adjective is null ? [number + Word(phrase.Noun)] : [number + Word(phrase.Noun), number + Word(phrase.Adjective)];
    }
}
