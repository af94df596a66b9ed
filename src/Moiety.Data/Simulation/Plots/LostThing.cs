namespace Moiety.Data.Simulation.Plots;

/// <summary>A thing gets lost outdoors; a friend helps to look; it is found, or it is not and the friend comforts with a gift.</summary>
internal sealed class LostThing : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Thing thing = world.NewThing(random.Chance(60) ? Lexicon.Toys : Lexicon.Possessions);
        world.Own(hero, thing);
        world.Scene();
        Place place = Outdoors(world);
        world.Move(hero, place);
        if (thing.Noun.Class == NounClass.Toy && random.Chance(60))
        {
            world.Note(EventKind.Play, hero, thing: thing);
        }

        WorldEvent lost = world.Lose(hero, thing);
        world.Feel(hero, random.Pick(["sad", "worried", "upset"]), lost);
        string[] spots = [.. place.Spots];
        random.Shuffle<string>(spots);
        world.Note(EventKind.Search, hero, thing: thing, place: place, detail: spots[0]);
        bool helped = random.Chance(75);
        Person finder = hero;
        if (helped)
        {
            Person friend = Friend(world, hero);
            world.Note(EventKind.AskWrong, friend, hero);
            world.Note(EventKind.Tell, hero, friend, thing);
            world.Note(EventKind.Offer, friend, hero);
            if (random.Chance(50))
            {
                world.Note(EventKind.Search, friend, thing: thing, place: place, detail: spots[1]);
            }

            finder = random.Chance(65) ? friend : hero;
        }

        if (random.Chance(78))
        {
            world.Find(finder, thing, spots[2]);
            if (finder != hero)
            {
                WorldEvent given = world.Give(finder, hero, thing, forGood: false);
                world.Note(EventKind.Thank, hero, finder);
                world.Feel(hero, random.Pick(["happy", "glad"]), given);
            }
            else
            {
                world.Feel(hero, random.Pick(["happy", "glad"]), world.Last);
            }

            End(world, hero, "friends help each other", "it is good to look twice", "one must take care of one's things");
            return;
        }

        world.Note(EventKind.SearchFail, hero, thing: thing);
        if (helped)
        {
            Person friend = world.People[1];
            Thing gift = world.NewThing(Lexicon.Toys);
            world.Own(friend, gift, EventKind.Has);
            WorldEvent given = world.Give(friend, hero, gift);
            world.Note(EventKind.Thank, hero, friend);
            world.Feel(hero, "happy", given);
        }

        End(world, hero, "a good friend is better than any toy", "one must take care of one's things");
    }
}
