namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody collects things, finds more, and gives some away; the counts are kept.</summary>
internal sealed class Collecting : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Place place = Outdoors(world);
        Noun noun = world.NewNoun(Lexicon.NatureAt(place));
        world.Move(hero, place);
        world.Gather(hero, noun, random.Between(2, 8), EventKind.Collect);
        if (random.Chance(70))
        {
            world.Gather(hero, noun, random.Between(1, 6), EventKind.FindMore);
        }

        world.Note(EventKind.CountAll, hero, noun: noun, rest: hero.CountOf(noun));
        if (random.Chance(75))
        {
            Person friend = Friend(world, hero, random.Chance(40));
            WorldEvent given = world.GiveCount(hero, friend, noun, random.Between(1, hero.CountOf(noun) - 1));
            world.Note(EventKind.Thank, friend, hero);
            world.Feel(friend, random.Pick(["happy", "glad"]), given);
        }
        else
        {
            world.Feel(hero, random.Pick(["proud", "happy"]), world.Last);
        }

        End(world, hero, "there is much to find outside", "it is good to share");
    }
}
