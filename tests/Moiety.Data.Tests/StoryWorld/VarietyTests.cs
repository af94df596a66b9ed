using System.Text.RegularExpressions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>How differently the world is told.</summary>
public sealed partial class VarietyTests
{
    private static readonly Dictionary<string, string> Classes = Index();

    /// <summary>The distinct sentences of some texts after every name, noun, adjective, place, feeling and number is replaced by its class.</summary>
    internal static int Skeletons(IEnumerable<string> texts)
    {
        HashSet<string> skeletons = [];
        foreach (string text in texts)
        {
            foreach (string sentence in SentenceEnd().Split(text.Split("\n\nQuestion:")[0]))
            {
                string classes = Word().Replace(sentence.Replace("Aunt May", "Mom", StringComparison.Ordinal).Replace("Uncle Joe", "Dad", StringComparison.Ordinal),
                    word => Classes.GetValueOrDefault(word.Value.ToLowerInvariant(), word.Value));
                skeletons.Add(classes);
            }
        }

        return skeletons.Count;
    }

    [Fact]
    public void Five_megabytes_of_stories_have_thousands_of_sentence_skeletons()
    {
        StoryDocument[] stories = Corpora.Generate(new StoryWorldOptions { SizeInBytes = 5_000_000, Seed = 8, Kinds = StoryWorldOptions.ParseKinds("story=1") });

        int skeletons = Skeletons(stories.Select(story => story.Text));

        TestContext.Current.TestOutputHelper?.WriteLine($"{skeletons} sentence skeletons");
        Assert.True(skeletons >= 5000, $"{skeletons} sentence skeletons");
    }

    [Fact]
    public void The_vocabulary_is_small_enough_for_a_small_model()
    {
        HashSet<string> words = [.. Corpora.Mixed.Where(document => document.Language == "English").SelectMany(document => Word().Matches(document.Text).Select(word => word.Value.ToLowerInvariant()))];

        Assert.InRange(words.Count, 800, 1500);
    }

    private static Dictionary<string, string> Index()
    {
        Dictionary<string, string> classes = [];
        void Add(string mark, IEnumerable<string> words)
        {
            foreach (string word in words.SelectMany(phrase => phrase.Split(' ')))
            {
                classes.TryAdd(word.ToLowerInvariant(), mark);
            }
        }

        Add("*", ["in", "under", "behind", "near", "next", "between", "to", "a", "an", "the", "of", "on"]);
        foreach (string kept in classes.Keys.ToArray())
        {
            classes[kept] = kept;
        }

        Add("NAME", Lexicon.Girls.Concat(Lexicon.Boys).Concat(Lexicon.Family.Select(person => person.Name)).Concat(Lexicon.Workers.Select(person => person.Name)));
        Noun[] nouns = [.. Lexicon.Toys, .. Lexicon.Possessions, .. Lexicon.Foods, .. Lexicon.Nature, .. Lexicon.Animals, Lexicon.Umbrella];
        Add("NOUN", nouns.SelectMany(noun => new[] { noun.Singular, noun.Plural }));
        Add("ADJ", nouns.SelectMany(noun => noun.Adjectives).Concat(Lexicon.Traits).Concat(Lexicon.DryWeathers).Concat(Lexicon.WetWeathers));
        Add("ADJ", ["happy", "sad", "glad", "proud", "worried", "upset", "afraid", "sorry", "angry", "full", "tired", "surprised", "disappointed", "unhappy", "cold"]);
        Add("PLACE", Lexicon.Outdoors.Concat(Lexicon.Indoors).Concat(Lexicon.Markets).Concat(Lexicon.Shelters).SelectMany(place => place.Spots.Append(place.Name)));
        Add("TIME", Lexicon.Times);
        Add("NUMBER", ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]);
        return classes;
    }

    [GeneratedRegex(@"(?<=[.!?]""?)\s+|\n+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex("[A-Za-z-]+")]
    private static partial Regex Word();
}
