using Moiety.Data.Narration;
using Moiety.Data.Simulation;
using Moiety.Data.Simulation.Plots;

namespace Moiety.Data.Documents;

/// <summary>A story: somebody wants something, something is in the way, and it ends well or badly.</summary>
internal sealed class StoryKind : DocumentKind
{
    internal override string Name => "story";

    internal override string Description => "a short story with a goal, an obstacle and an ending";

    internal override int DefaultWeight => 6;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        (World world, string text) = Tell(context.Random);
        return [new StoryDocument(context.Id, Name, text) { Events = EventWriter.Write(world.Events) }];
    }

    /// <summary>Lets a plot happen and tells it.</summary>
    internal static (World World, string Text) Tell(StoryRandom random)
    {
        World world = new(random);
        random.Pick(Plot.All).Run(world);
        Telling telling = new(random);
        new Narrator(telling).Tell(world.Events);
        return (world, telling.ToString());
    }
}
