namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody sees a thing lying about, takes it, and gives it back to the one who lost it, or keeps it.</summary>
internal sealed class Treasure : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Place place = Outdoors(world);
        world.Move(hero, place);
        Thing thing = world.NewThing(Lexicon.Possessions);
        bool others = random.Chance(65);
        WorldEvent seen = world.Lay(hero, thing, place, random.Pick(place.Spots));
        world.Take(hero, thing);
        if (others)
        {
            Person owner = random.Chance(50) ? world.Relative() : world.Child();
            thing.Owner = owner;
            world.Note(EventKind.Looking, owner, hero, thing);
            WorldEvent given = world.Give(hero, owner, thing);
            world.Note(EventKind.Thank, owner, hero);
            world.Feel(owner, random.Pick(["happy", "glad"]), given);
            End(world, hero, "it is good to be honest", "lost things have an owner");
            return;
        }

        world.Feel(hero, random.Pick(["happy", "glad"]), seen);
        world.Move(hero, world.Home, EventKind.GoHome);
        Person relative = world.Relative();
        relative.At = world.Home;
        world.Note(EventKind.Show, hero, relative, thing);
        End(world, hero, "there is much to find outside");
    }
}
