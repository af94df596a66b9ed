using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>
/// How one kind of event can be told: as a clause without its subject (the actor), which the narrator joins to others,
/// or as whole sentences. A theme of events is one file; <see cref="All"/> lists the themes.
/// </summary>
internal sealed class EventFrames(EventKind kind, string[] clauses, string[] sentences)
{
    private static readonly EventFrames[] Table = Index();

    internal EventKind Kind { get; } = kind;

    internal Frame[] Clauses { get; } = Frame.ParseAll(clauses);

    internal Frame[] Sentences { get; } = Frame.ParseAll(sentences);

    internal static EventFrames For(EventKind kind) => Table[(int)kind];

    private static IEnumerable<EventFrames> All() =>
        [.. SceneFrames.All(), .. ActionFrames.All(), .. ExchangeFrames.All(), .. TroubleFrames.All(), .. WorkFrames.All(), .. FeelingFrames.All()];

    private static EventFrames[] Index()
    {
        EventFrames[] table = new EventFrames[Enum.GetValues<EventKind>().Length];
        foreach (EventFrames frames in All())
        {
            table[(int)frames.Kind] = frames;
        }

        return table;
    }
}
