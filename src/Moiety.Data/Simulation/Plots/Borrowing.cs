namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody borrows a thing, promises, and brings it back.</summary>
internal sealed class Borrowing : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Thing thing = world.NewThing(random.Chance(60) ? Lexicon.Toys : Lexicon.Possessions);
        world.Own(hero, thing);
        world.Scene();
        world.Move(hero, Outdoors(world));
        Person friend = Friend(world, hero);
        world.Give(hero, friend, thing, EventKind.Borrow, forGood: false);
        world.Note(EventKind.Promise, friend, hero);
        if (thing.Noun.Class == NounClass.Toy)
        {
            world.Note(EventKind.Play, friend, thing: thing);
        }

        if (random.Chance(75))
        {
            WorldEvent back = world.Give(friend, hero, thing, EventKind.Return);
            world.Note(EventKind.Thank, hero, friend);
            world.Feel(hero, "happy", back);
            End(world, hero, "one must keep a promise");
            return;
        }

        WorldEvent kept = world.Note(EventKind.KeepsThing, friend, hero, thing);
        world.Feel(hero, random.Pick(["angry", "sad"]), kept);
        world.Note(EventKind.Apologize, friend, hero);
        End(world, friend, "one must keep a promise");
    }
}
