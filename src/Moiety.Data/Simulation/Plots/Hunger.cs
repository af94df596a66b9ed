namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody is hungry; a friend shares food, or says no and is sorry.</summary>
internal sealed class Hunger : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Place place = Outdoors(world);
        world.Move(hero, place);
        WorldEvent hungry = world.GetHungry(hero);
        Person friend = Friend(world, hero, random.Chance(40));
        Noun food = world.NewNoun(Lexicon.Foods);
        int amount = random.Between(3, 9);
        world.OwnCount(friend, food, amount);
        world.Note(EventKind.AskCount, hero, friend, noun: food, cause: hungry);
        int shared = random.Between(1, amount - 1);
        if (random.Chance(30))
        {
            WorldEvent refused = world.Note(EventKind.Refuse, friend, hero);
            world.Feel(hero, "sad", refused);
            world.Note(EventKind.Apologize, friend, hero);
        }
        else
        {
            world.Note(EventKind.Agree, friend, hero);
        }

        world.GiveCount(friend, hero, food, shared);
        world.Note(EventKind.Thank, hero, friend);
        WorldEvent eaten = world.Eat(hero, food, random.Chance(70) ? shared : random.Between(1, shared), hungry);
        world.Feel(hero, random.Pick(["full", "happy", "glad"]), eaten);
        End(world, hero, "food tastes best together", "it is good to share");
    }
}
