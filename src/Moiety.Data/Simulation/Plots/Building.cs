namespace Moiety.Data.Simulation.Plots;

/// <summary>Two build something together; it falls down; they build it again, or go home.</summary>
internal sealed class Building : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        world.Move(hero, Outdoors(world));
        Person friend = Friend(world, hero);
        string building = random.Pick(Narration.WorkFrames.BuildingsAt(hero.At!.Name, world.Weather));
        world.Note(EventKind.Build, hero, friend, detail: building);
        if (random.Chance(70))
        {
            WorldEvent fallen = world.Note(EventKind.Collapse, hero, friend, detail: building);
            world.Feel(hero, random.Pick(["sad", "upset"]), fallen);
            if (random.Chance(25))
            {
                world.Move(hero, world.Home, EventKind.GoHome);
                return;
            }

            world.Note(EventKind.Rebuild, hero, friend, detail: building);
        }

        world.Note(EventKind.FeelBoth, hero, friend, detail: random.Pick(["proud", "happy"]), cause: world.Last);
        End(world, hero, "it is good to try again", "two can do more than one");
    }
}
