namespace Moiety.Data.Simulation.Plots;

/// <summary>
/// A goal and what may stand in its way. A plot runs on a fresh world and logs an opening, a goal, an obstacle and a
/// resolution, which may be a failure. A new plot is one file and one line in <see cref="All"/>.
/// </summary>
internal abstract class Plot
{
    /// <summary>Every plot that a story may follow.</summary>
    internal static Plot[] All { get; } =
    [
        new LostThing(), new Shopping(), new ShoppingForFood(), new RainyWalk(), new Hunger(), new BirthdayPresent(), new Sharing(), new BrokenThing(),
        new StuckThing(), new Dare(), new LostAnimal(), new Collecting(), new Building(), new Seed(), new Borrowing(), new Swapping(), new Chore(), new Treasure(),
    ];

    /// <summary>Lets the plot happen.</summary>
    internal abstract void Run(World world);

    /// <summary>Introduces a hero at home.</summary>
    private protected static Person Hero(World world)
    {
        Person hero = world.Child();
        hero.At = world.Home;
        world.Introduce(hero);
        return hero;
    }

    private protected static Place Outdoors(World world) => world.Random.Pick(Lexicon.Outdoors);

    private protected static Person Friend(World world, Person hero, bool relative = false)
    {
        Person friend = relative ? world.Relative() : world.Child();
        friend.At = hero.At;
        world.Note(relative ? EventKind.Join : EventKind.Friend, hero, friend, place: hero.At);
        return friend;
    }

    /// <summary>An ending: a lesson, the way home, a last line; short stories stop early.</summary>
    private protected static void End(World world, Person hero, params string[] lessons)
    {
        StoryRandom random = world.Random;
        if (hero.Role == Role.Child && random.Chance(40))
        {
            Afterwards(world, hero);
        }

        if (lessons.Length > 0 && random.Chance(50))
        {
            world.Note(EventKind.Lesson, hero, detail: random.Pick(lessons));
        }

        if (hero.At != world.Home && random.Chance(40))
        {
            world.Move(hero, world.Home, EventKind.GoHome);
        }

        if (random.Chance(45))
        {
            world.Note(EventKind.End, hero);
        }
    }

    /// <summary>One thing more that happens to the hero before the day ends.</summary>
    private static void Afterwards(World world, Person hero)
    {
        StoryRandom random = world.Random;
        switch (random.Next(4))
        {
            case 0 when hero.At is { Outdoor: true }:
                Noun found = world.NewNoun(Lexicon.NatureAt(hero.At));
                world.Gather(hero, found, random.Between(2, 7), EventKind.Collect);
                world.Gather(hero, found, random.Between(1, 5), EventKind.FindMore);
                world.Note(EventKind.CountAll, hero, noun: found, rest: hero.CountOf(found));
                break;
            case 1:
                Person cook = world.Relative();
                Noun food = world.NewNoun(Lexicon.Foods);
                WorldEvent hungry = world.GetHungry(hero);
                world.Visit(hero, cook);
                int amount = random.Between(2, 6);
                cook.Counts[food] = amount;
                world.GiveCount(cook, hero, food, amount);
                world.Note(EventKind.Thank, hero, cook);
                world.Eat(hero, food, random.Between(1, amount), hungry);
                break;
            case 2:
                Place place = Outdoors(world);
                if (place != hero.At)
                {
                    world.Move(hero, place);
                    Thing thing = world.NewThing(Lexicon.Possessions);
                    world.Lay(hero, thing, place, random.Pick(place.Spots));
                    world.Take(hero, thing);
                }

                break;
            default:
                Person friend = world.Child();
                Thing toy = world.NewThing(Lexicon.Toys);
                world.Visit(hero, friend);
                world.Own(friend, toy, EventKind.Has);
                world.Note(EventKind.PlayTogether, hero, friend, toy);
                break;
        }
    }
}
