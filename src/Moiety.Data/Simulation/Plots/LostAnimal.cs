namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody meets a lost animal, feeds it, and finds its mother, keeps it, or sees it run away.</summary>
internal sealed class LostAnimal : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Place place = Outdoors(world);
        world.Move(hero, place);
        Thing animal = world.NewThing(Lexicon.Animals);
        world.Note(EventKind.MeetAnimal, hero, thing: animal, place: place, detail: random.Pick(place.Spots));
        if (random.Chance(75))
        {
            world.Note(EventKind.FeedAnimal, hero, thing: animal);
        }

        int fate = random.Next(10);
        WorldEvent end;
        if (fate < 5)
        {
            end = world.Note(EventKind.AnimalHome, hero, thing: animal);
            world.Feel(hero, random.Pick(["happy", "glad", "proud"]), end);
        }
        else if (fate < 8)
        {
            world.Move(hero, world.Home, EventKind.GoHome);
            Person parent = world.Relative();
            end = world.Note(EventKind.KeepAnimal, hero, parent, animal);
            world.Feel(hero, "happy", end);
        }
        else
        {
            end = world.Note(EventKind.AnimalGone, hero, thing: animal);
            world.Feel(hero, "sad", end);
        }

        End(world, hero, "small animals need friends", "one must be gentle with animals");
    }
}
