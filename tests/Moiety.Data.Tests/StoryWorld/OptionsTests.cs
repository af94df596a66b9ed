using Moiety.Models;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>Options are judged before any work.</summary>
public sealed class OptionsTests
{
    public static TheoryData<StoryWorldOptions, string> Wrong => new()
    {
        { new StoryWorldOptions(), "a size or a number" },
        { new StoryWorldOptions { Documents = 1, SizeInBytes = 1 }, "not both" },
        { new StoryWorldOptions { Documents = 0 }, "documents: 0" },
        { new StoryWorldOptions { SizeInBytes = -5 }, "size: -5" },
        { new StoryWorldOptions { Documents = 1, Association = 1.5 }, "association: 1.5" },
        { new StoryWorldOptions { Documents = 1, Association = double.NaN }, "association: NaN" },
        { new StoryWorldOptions { Documents = 1, Threads = 0 }, "threads: 0" },
        { new StoryWorldOptions { Documents = 1, Format = (StoryWorldFormat)9 }, "format: 9" },
        { new StoryWorldOptions { Documents = 1, Kinds = new Dictionary<string, int> { ["poem"] = 1 } }, "\"poem\" is not a kind" },
        { new StoryWorldOptions { Documents = 1, Residents = 0 }, "residents: 0" },
        { new StoryWorldOptions { Documents = 1, Residents = 4001 }, "residents: 4001" },
        { new StoryWorldOptions { Documents = 1, Kinds = new Dictionary<string, int> { ["story"] = -1 } }, "weight -1" },
        { new StoryWorldOptions { Documents = 1, Kinds = new Dictionary<string, int> { ["story"] = 0 } }, "nothing to write" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_option_is_named(StoryWorldOptions options, string what) =>
        Assert.Contains(what, Assert.Throws<InvalidInputException>(() => new StoryWorldGenerator(options)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("50MB", 50_000_000)]
    [InlineData("512 KB", 512_000)]
    [InlineData("2gib", 2_147_483_648)]
    [InlineData("1000", 1000)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes) => Assert.Equal(bytes, StoryWorldOptions.ParseSize(text));

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-5MB")]
    [InlineData("5PB")]
    [InlineData("99999999999999999999")]
    [InlineData("9999999GB")]
    [InlineData("0")]
    public void Other_sizes_are_errors(string text) => Assert.Throws<InvalidInputException>(() => StoryWorldOptions.ParseSize(text));

    [Fact]
    public void Kinds_are_read_as_people_write_them()
    {
        IReadOnlyDictionary<string, int> kinds = StoryWorldOptions.ParseKinds("story=4, qa=3");

        Assert.Equal(4, kinds["story"]);
        Assert.Equal(3, kinds["qa"]);
    }

    [Theory]
    [InlineData("story")]
    [InlineData("story=x")]
    [InlineData("story=1,story=2")]
    [InlineData("poem=1")]
    [InlineData("")]
    public void Other_kinds_are_errors(string text) => Assert.Throws<InvalidInputException>(() => StoryWorldOptions.ParseKinds(text));

    [Fact]
    public void Only_the_kinds_that_are_asked_for_occur()
    {
        StoryDocument[] documents = Corpora.Generate(new StoryWorldOptions { Documents = 300, Kinds = StoryWorldOptions.ParseKinds("list=1,dialogue=2") });

        Assert.Equal(["dialogue", "list"], documents.Select(document => document.Kind).Distinct().Order());
    }

    [Fact]
    public void Every_kind_occurs_by_default() =>
        Assert.Equal(StoryWorldKind.All.Where(kind => kind.DefaultWeight > 0).Select(kind => kind.Name).Order(), Corpora.Mixed.Select(document => document.Kind).Distinct().Order());
}
