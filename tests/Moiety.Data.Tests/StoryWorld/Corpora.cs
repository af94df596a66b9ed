namespace Moiety.Data.Tests.StoryWorld;

/// <summary>Corpora that several tests look at, generated once.</summary>
internal static class Corpora
{
    private static readonly Lazy<StoryDocument[]> Drawn = new(() => Generate(new StoryWorldOptions { Documents = 12_000, Seed = 2026, Threads = 2 }));

    /// <summary>Twelve thousand documents of all kinds.</summary>
    internal static StoryDocument[] Mixed => Drawn.Value;

    internal static StoryDocument[] Generate(StoryWorldOptions options) => [.. new StoryWorldGenerator(options).Generate()];

    internal static StoryDocument[] OfKind(string kind, int documents, ulong seed = 7, double association = 0) => Generate(new StoryWorldOptions
    {
        Documents = documents,
        Seed = seed,
        Association = association,
        Kinds = new Dictionary<string, int> { [kind] = 1 },
    });
}
