namespace Moiety.Data.Tests.StoryWorld;

/// <summary>Registers and groups: what the injected differences are, and that nothing else differs.</summary>
public sealed class PairsAndGroupsTests
{
    private static readonly string[] RudeWords = ["idiot", "fool", "stupid", "pig", "shut up", "hate you", "dumb", "get lost", "mean and ugly", "you are the worst"];

    [Fact]
    public void A_polite_and_a_rude_telling_share_their_events()
    {
        StoryDocument[] documents = Corpora.OfKind("register", 2000);

        foreach (StoryDocument[] pair in documents.Chunk(2))
        {
            Assert.Equal(("polite", "rude"), (pair[0].Register, pair[1].Register));
            Assert.Equal(pair[0].Id.Replace("-polite", "", StringComparison.Ordinal), pair[1].Id.Replace("-rude", "", StringComparison.Ordinal));
            Assert.Equal(pair[0].Events, pair[1].Events);
            Assert.NotEqual(pair[0].Text, pair[1].Text);
        }
    }

    [Fact]
    public void Rude_words_occur_in_the_rude_register_and_nowhere_else()
    {
        foreach (StoryDocument document in Corpora.Mixed)
        {
            bool rude = RudeWords.Any(word => document.Text.Contains(word, StringComparison.OrdinalIgnoreCase));

            Assert.True(rude == (document.Register == "rude"), document.Text);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    [InlineData(1.0)]
    public void The_measured_association_is_the_requested_one(double association)
    {
        StoryGroup[] members = [.. Corpora.OfKind("group", 4000, association: association).SelectMany(document => document.Groups)];

        // P(first trait | hill) - P(first trait | river) is the association; its standard deviation is at most
        // sqrt(1/4n + 1/4n) per group of n people, and four of them leave one false alarm in 16,000.
        double[] shares = [.. new[] { "hill village", "river village" }.Select(group =>
        {
            StoryGroup[] own = [.. members.Where(member => member.Group == group)];
            return (double)own.Count(member => member.Axis.StartsWith(member.Trait, StringComparison.Ordinal)) / own.Length;
        })];
        double bound = 4 * Math.Sqrt(1.0 / members.Length);

        Assert.InRange(shares[0] - shares[1], association - bound, association + bound);
        Assert.InRange(shares[0] + shares[1], 1 - bound, 1 + bound);
    }

    [Fact]
    public void The_groups_are_what_the_text_says()
    {
        foreach (StoryDocument document in Corpora.OfKind("group", 500))
        {
            string[] paragraphs = document.Text.Split("\n\n");
            for (int i = 0; i < document.Groups.Count; i++)
            {
                StoryGroup member = document.Groups[i];
                Assert.Contains(member.Person, paragraphs[i], StringComparison.Ordinal);
                Assert.Contains(member.Group, paragraphs[i], StringComparison.Ordinal);
                Assert.Contains(member.Trait, paragraphs[i], StringComparison.Ordinal);
            }
        }
    }
}
