namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody is afraid of something, is encouraged, and dares, or not yet.</summary>
internal sealed class Dare : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        (string fear, Narration.Frame work, string name) = random.Pick(Narration.WorkFrames.Dares);
        world.Note(EventKind.WantTo, hero, detail: name, work: work);
        WorldEvent afraid = world.Note(EventKind.Afraid, hero, detail: fear);
        world.Scene();
        Person friend = random.Chance(40) ? world.Relative() : world.Child();
        world.Visit(friend, hero);
        world.Note(EventKind.Encourage, friend, hero);
        if (random.Chance(75))
        {
            WorldEvent brave = world.Note(EventKind.Brave, hero, detail: name, work: work, cause: afraid);
            world.Feel(hero, random.Pick(["proud", "happy"]), brave);
            End(world, hero, "being brave means trying", "one can do more than one thinks", "a friend can make you brave");
            return;
        }

        WorldEvent gaveUp = world.Note(EventKind.GiveUp, hero, detail: name, work: work);
        world.Feel(hero, "sad", gaveUp);
        world.Note(EventKind.Comfort, friend, hero);
        End(world, hero, "it is fine to try again later", "some things need time");
    }
}
