namespace Moiety.Data.Tests.StoryWorld;

/// <summary>The almanac: facts that hold in every corpus, and a text whose entropy is known.</summary>
public sealed class AlmanacTests
{
    private const int Residents = 300;

    private static readonly StoryDocument[] Sentences = Generate("almanac", seed: 1);
    private static readonly StoryDocument[] Questions = Generate("almanac-questions", seed: 2);

    [Fact]
    public void Every_seed_tells_the_same_facts_and_all_of_them()
    {
        Dictionary<(string?, string), string?> facts = [];
        foreach (StoryEvent fact in Sentences.Concat(Questions).SelectMany(document => document.Events))
        {
            Assert.Equal(fact.Detail, facts.TryGetValue((fact.Actor, fact.Kind), out string? known) ? known : fact.Detail);
            facts[(fact.Actor, fact.Kind)] = fact.Detail;
        }

        Assert.Equal(Residents * 6, facts.Count);
    }

    [Fact]
    public void A_longer_table_begins_with_a_shorter_one()
    {
        StoryDocument[] longer = Generate("almanac", seed: 3, residents: 2 * Residents);
        HashSet<StoryEvent> known = [.. longer.SelectMany(document => document.Events)];

        Assert.All(Sentences.SelectMany(document => document.Events), fact => Assert.Contains(fact, known));
    }

    [Fact]
    public void The_text_says_what_the_events_say() => Assert.All(Sentences, document => Assert.All(document.Events.Chunk(3).Zip(document.Text.Split(". ")), pair => Assert.All(pair.First, fact =>
    {
        Assert.StartsWith(fact.Actor!, pair.Second, StringComparison.Ordinal);
        Assert.Contains(" " + fact.Detail, pair.Second, StringComparison.Ordinal);
    })));

    [Fact]
    public void Questions_have_their_answer_among_four_different_choices() => Assert.All(Questions, document => Assert.All(document.Questions.Zip(document.Events), pair =>
    {
        Assert.Equal(4, pair.First.Choices.Distinct().Count());
        Assert.Contains(pair.First.Answer, pair.First.Choices);
        Assert.Equal(pair.Second.Detail, pair.First.Answer, ignoreCase: true);
    }));

    [Fact]
    public void The_entropy_is_that_of_the_choices_that_were_made()
    {
        // The plug-in estimate from how often each (resident, ordered facts) occurs would need millions of sentences: the parts are independent,
        // so each is estimated by itself, with the first-order correction for its bias, (values - 1) / 2n.
        StoryEvent[][] sentences = [.. Sentences.SelectMany(document => document.Events.Chunk(3))];
        double resident = Estimate(sentences.Select(facts => facts[0].Actor!));
        double order = Estimate(sentences.Select(facts => string.Join(' ', facts.Select(fact => fact.Kind))));

        double? entropy = new StoryWorldOptions { Kinds = StoryWorldOptions.ParseKinds("almanac=1"), Residents = Residents }.DocumentEntropy;

        Assert.InRange(entropy!.Value, (6 * (resident + order)) - 0.01, (6 * (resident + order)) + 0.01);
        Assert.Null(new StoryWorldOptions { Kinds = StoryWorldOptions.ParseKinds("almanac=1,story=1") }.DocumentEntropy);
        Assert.Null(new StoryWorldOptions().DocumentEntropy);
    }

    private static double Estimate(IEnumerable<string> drawn)
    {
        int[] counts = [.. drawn.CountBy(value => value).Select(pair => pair.Value)];
        double all = counts.Sum();
        return counts.Sum(count => -(count / all) * Math.Log(count / all)) + ((counts.Length - 1) / (2 * all));
    }

    private static StoryDocument[] Generate(string kind, ulong seed, int residents = Residents) =>
        Corpora.Generate(new StoryWorldOptions { Documents = 6000, Seed = seed, Residents = residents, Kinds = StoryWorldOptions.ParseKinds($"{kind}=1") });
}
