using Moiety.Data.Simulation;

namespace Moiety.Data.ToyLanguages;

/// <summary>
/// A small invented language: its own sounds, words, word order and endings. Its words are drawn once from its sounds
/// by a fixed rule, so a language is the same in every corpus. A new language is one file and one line in <see cref="All"/>.
/// </summary>
internal abstract class ToyLanguage
{
    private readonly Dictionary<ToyConcept, string> _words = [];

    private protected ToyLanguage(string name, ulong seed)
    {
        Name = name;
        HashSet<string> taken = new(StringComparer.Ordinal);
        for (int i = 0; i < ToyConcept.All.Length; i++)
        {
            StoryRandom random = new(seed, (ulong)i);
            string word;
            do
            {
                word = Coin(random, ToyConcept.All[i]);
            }
            while (!taken.Add(word));
            _words[ToyConcept.All[i]] = word;
        }
    }

    /// <summary>Every toy language.</summary>
    internal static ToyLanguage[] All { get; } = [new Tavo(), new Rikel(), new Omusa()];

    internal string Name { get; }

    /// <summary>The language's rules in a sentence, for the documentation.</summary>
    internal abstract string Grammar { get; }

    /// <summary>The bare word for a concept.</summary>
    internal string Word(ToyConcept concept) => _words[concept];

    /// <summary>The sentence, with its first letter in upper case and a full stop.</summary>
    internal string Write(ToySentence sentence)
    {
        string text = string.Join(' ', Words(sentence));
        return $"{char.ToUpperInvariant(text[0])}{text[1..]}.";
    }

    /// <summary>Coins a word from the language's sounds.</summary>
    private protected abstract string Coin(StoryRandom random, ToyConcept concept);

    /// <summary>The words of the sentence in the language's order, with their endings.</summary>
    private protected abstract IEnumerable<string> Words(ToySentence sentence);
}
