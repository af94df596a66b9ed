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
        world.Note(EventKind.Friend, hero, friend, place: hero.At);
        return friend;
    }

    /// <summary>An ending: a lesson, the way home, a last line; short stories stop early.</summary>
    private protected static void End(World world, Person hero, params string[] lessons)
    {
        StoryRandom random = world.Random;
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
}
