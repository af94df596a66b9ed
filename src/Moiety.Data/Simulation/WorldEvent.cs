using Moiety.Data.Narration;

namespace Moiety.Data.Simulation;

/// <summary>Something that happened, with references to what took part; <see cref="StoryEvent"/> is its written form.</summary>
internal sealed class WorldEvent(EventKind kind, int index)
{
    internal EventKind Kind { get; } = kind;

    internal int Index { get; } = index;

    internal Person? Actor { get; init; }

    internal Person? Other { get; init; }

    internal Thing? Thing { get; init; }

    /// <summary>Whose <see cref="Thing"/> was before the event.</summary>
    internal Person? Owner { get; init; }

    internal Thing? Second { get; init; }

    internal Place? Place { get; init; }

    internal Noun? Noun { get; init; }

    /// <summary>How many of <see cref="Noun"/>, or the price in coins.</summary>
    internal int Amount { get; init; }

    /// <summary>What is left or paid, as the kind says.</summary>
    internal int Rest { get; init; }

    /// <summary>A spot, a feeling, the weather, the time of day: as the kind says.</summary>
    internal string Detail { get; init; } = "";

    /// <summary>A piece of work whose verb is inflected as the sentence needs.</summary>
    internal Frame? Work { get; init; }

    /// <summary>The event that brought this one about, if any.</summary>
    internal WorldEvent? Cause { get; init; }
}
