using System.Text.RegularExpressions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>What a careful reader would mark, looked for in every English document.</summary>
public sealed partial class GrammarTests
{
    private static readonly Dictionary<string, Gender> Names = Lexicon.Girls.Select(name => (name, Gender.She))
        .Concat(Lexicon.Boys.Select(name => (name, Gender.He))).Concat(Lexicon.Family.Select(person => (person.Name, person.Gender)))
        .ToDictionary(pair => pair.Item1, pair => pair.Item2);

    private static IEnumerable<StoryDocument> English => Corpora.Mixed.Where(document => document.Language == "English");

    [Fact]
    public void Articles_fit_the_next_sound() => AssertNone(@"\b[Aa] [aeiou]|\b[Aa]n (?!hour\b)[^aeiou\W]", document => document.Kind != "toy-language");

    [Fact]
    public void No_word_is_doubled() => AssertNone(@"\b(\w+) \1\b", _ => true);

    [Fact]
    public void Spaces_and_punctuation_are_in_order() => AssertNone(@"  | [,.!?;:](?!\.\.)|,[.,]|[.,]""[.,]|\n\n\n|\s$|^\s| \n", _ => true);

    [Fact]
    public void Numbers_agree_with_their_nouns()
    {
        string plurals = string.Join('|', Nouns().Select(noun => noun.Plural));
        string singulars = string.Join('|', Nouns().Select(noun => noun.Singular));

        AssertNone($@"(?<!-)\bone ({plurals})\b|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) ({singulars})\b(?! (boat|train|car|bear)s)|(?<!-)\bone coins\b|\b(two|three|four|five) coin\b", _ => true);
    }

    [Fact]
    public void Every_sentence_begins_with_a_capital_and_every_prose_paragraph_ends()
    {
        AssertNone(@"(?<!\d)[.!?] [a-z]|(?<![.\d])[.!?]\n+[a-z]", document => document.Kind != "list");
        foreach (StoryDocument document in English.Where(document => document.Kind is "story" or "register"))
        {
            Assert.All(document.Text.Split("\n\n"), paragraph => Assert.Matches(@"^[""A-Z].*[.!?]""?$", paragraph));
        }
    }

    [Fact]
    public void Quotation_marks_come_in_pairs() => Assert.All(English, document => Assert.True(document.Text.Count(c => c == '"') % 2 == 0, document.Text));

    /// <summary>A pronoun refers to the only person of its gender in its own sentence so far, or else in the nearest earlier sentence with such a person.</summary>
    [Fact]
    public void Every_pronoun_has_one_antecedent_of_the_right_gender()
    {
        int pronouns = 0;
        foreach (StoryDocument document in English.Where(document => document.Kind is "story" or "qa" or "group" or "register"))
        {
            // The one pronoun for an animal: "... found its mother. Zoe carried the kitten to her."
            string story = AnimalMother().Replace(document.Text.Split("\n\nQuestion:")[0], "$1 to it");
            List<List<string>> said = [];
            foreach (string sentence in SentenceEnd().Split(Quote().Replace(EndingQuote().Replace(story, "$1"), " ")))
            {
                List<string> here = [];
                foreach (Match word in Token().Matches(sentence).Where(word => IsPersonal(word.Value)))
                {
                    string token = word.Value;
                    if (Names.ContainsKey(token) || token.StartsWith("the ", StringComparison.OrdinalIgnoreCase))
                    {
                        here.Add(token.ToLowerInvariant() is { } lower && lower.StartsWith("the ", StringComparison.Ordinal) ? lower : token);
                        continue;
                    }

                    Gender gender = token.ToLowerInvariant() is "she" or "her" ? Gender.She : Gender.He;
                    string[] own = Of(here, gender);
                    string[] candidates = own.Length > 0 ? own : said.AsEnumerable().Reverse().Select(names => Of(names, gender)).FirstOrDefault(names => names.Length > 0) ?? [];
                    Assert.True(candidates.Length == 1, $"\"{token}\" in \"{sentence.Trim()}\" may be {string.Join(" or ", candidates)}\n{document.Text}");
                    pronouns++;
                }

                said.Add(here);
            }
        }

        Assert.True(pronouns > 10_000, $"only {pronouns} pronouns");
    }

    private static bool IsPersonal(string token) =>
        Names.ContainsKey(token) || char.IsLower(token[0]) || token is "She" or "Her" or "He" or "His" or "Him" || token.StartsWith("The ", StringComparison.Ordinal);

    /// <summary>Who of the named has the gender; of a farmer, who may be a woman or a man, only where nobody else does.</summary>
    private static string[] Of(List<string> names, Gender gender)
    {
        string[] sure = [.. names.Where(name => Genders(name) is [var only] && only == gender).Distinct()];
        return sure.Length > 0 ? sure : [.. names.Where(name => Genders(name).Contains(gender)).Distinct()];
    }

    private static Gender[] Genders(string name) =>
        Names.TryGetValue(name, out Gender gender) ? [gender] : [.. Lexicon.Workers.Where(worker => worker.Name == name).Select(worker => worker.Gender)];

    private static IEnumerable<Noun> Nouns() => Lexicon.Foods.Concat(Lexicon.Nature).Concat(Lexicon.Toys).Concat(Lexicon.Possessions);

    private static void AssertNone(string pattern, Func<StoryDocument, bool> where)
    {
        Regex regex = new(pattern, RegexOptions.Compiled);
        foreach (StoryDocument document in English.Where(where))
        {
            Match match = regex.Match(document.Text);
            Assert.False(match.Success, $"{document.Id} has \"{match.Value}\":\n{document.Text}");
        }
    }

    [GeneratedRegex(@"(its mother\. [A-Z]\w+ \w+ the [\w ]+) to her\b")]
    private static partial Regex AnimalMother();

    [GeneratedRegex("\"[^\"]*([.!?])\"(?=\\s+[A-Z]|\\s*$)")]
    private static partial Regex EndingQuote();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quote();

    [GeneratedRegex(@"(?<=[.!?])\s+|\n+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\b(Aunt May|Uncle Joe|[Tt]he (baker|farmer|gardener|shopkeeper|fisherman|painter)|[Ss]he|[Hh]er|[Hh]e|[Hh]is|[Hh]im|[A-Z][a-z]+)\b")]
    private static partial Regex Token();
}
