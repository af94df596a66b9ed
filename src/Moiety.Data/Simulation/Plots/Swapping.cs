namespace Moiety.Data.Simulation.Plots;

/// <summary>Two children swap what they have.</summary>
internal sealed class Swapping : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Thing first = world.NewThing(Lexicon.Toys);
        world.Own(hero, first);
        world.Scene();
        world.Move(hero, Outdoors(world));
        Person friend = Friend(world, hero);
        Thing second = world.NewThing(Lexicon.Toys);
        world.Own(friend, second, EventKind.Has);
        if (random.Chance(50))
        {
            world.Note(EventKind.WantThat, hero, thing: second);
        }

        WorldEvent swapped = world.Swap(hero, friend, first, second);
        if (random.Chance(60))
        {
            world.Note(EventKind.Play, hero, thing: second);
        }

        world.Note(EventKind.FeelBoth, hero, friend, detail: random.Pick(["happy", "glad"]), cause: swapped);
        End(world, hero, "a fair swap makes two people happy");
    }
}
