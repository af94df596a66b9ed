namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody has much and a friend has nothing; the hero shares at once, or learns to.</summary>
internal sealed class Sharing : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Noun noun = world.NewNoun(random.Chance(60) ? Lexicon.Foods : Lexicon.Nature);
        int amount = random.Between(4, 12);
        world.OwnCount(hero, noun, amount);
        world.Scene();
        world.Move(hero, Outdoors(world));
        Person friend = Friend(world, hero);
        world.Note(EventKind.AskCount, friend, hero, noun: noun);
        if (random.Chance(45))
        {
            WorldEvent refused = world.Note(EventKind.Refuse, hero, friend);
            WorldEvent sad = world.Feel(friend, "sad", refused);
            world.Feel(hero, "sorry", sad);
            world.Note(EventKind.Apologize, hero, friend);
        }

        WorldEvent given = world.GiveCount(hero, friend, noun, random.Between(1, amount - 1));
        world.Note(EventKind.Thank, friend, hero);
        if (noun.Class == NounClass.Food && random.Chance(50))
        {
            world.Eat(friend, noun, friend.CountOf(noun));
        }

        world.Note(EventKind.CountAll, hero, noun: noun, rest: hero.CountOf(noun));
        world.Note(EventKind.FeelBoth, hero, friend, detail: random.Pick(["happy", "glad"]), cause: given);
        End(world, hero, "it is good to share", "sharing makes friends");
    }
}
