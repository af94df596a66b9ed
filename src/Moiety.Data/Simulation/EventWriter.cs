namespace Moiety.Data.Simulation;

/// <summary>Turns the log of a world into the written truth of a document.</summary>
internal static class EventWriter
{
    private static readonly string[] Names = Array.ConvertAll(Enum.GetNames<EventKind>(), KebabCase);

    internal static StoryEvent[] Write(IReadOnlyList<WorldEvent> events)
    {
        StoryEvent[] written = new StoryEvent[events.Count];
        for (int i = 0; i < written.Length; i++)
        {
            WorldEvent happened = events[i];
            written[i] = new StoryEvent(
                NameOf(happened.Kind), happened.Actor?.Name, happened.Other?.Name, happened.Thing?.Name ?? happened.Noun?.Plural, happened.Second?.Name,
                happened.Place?.InThe, happened.Amount > 0 ? happened.Amount : null, Counts(happened.Kind) ? happened.Rest : null,
                happened.Detail.Length > 0 ? happened.Detail : null, happened.Cause?.Index);
        }

        return written;
    }

    internal static string NameOf(EventKind kind) => Names[(int)kind];

    private static bool Counts(EventKind kind) => kind is
        EventKind.OwnCount or EventKind.Purse or EventKind.GiveCount or EventKind.Collect or EventKind.FindMore or EventKind.CountAll or EventKind.Eat
        or EventKind.Buy or EventKind.BuyCount or EventKind.Pay or EventKind.Left or EventKind.CannotAfford or EventKind.Earn;

    private static string KebabCase(string name) =>
        string.Concat(name.Select((c, at) => char.IsAsciiLetterUpper(c) ? $"{(at > 0 ? "-" : "")}{char.ToLowerInvariant(c)}" : c.ToString()));
}
