namespace Moiety.Data.Simulation.Plots;

/// <summary>Rain comes; somebody gets wet, finds shelter, or shares an umbrella.</summary>
internal sealed class RainyWalk : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Place place = Outdoors(world);
        world.Move(hero, place);
        Thing? umbrella = null;
        Person? friend = null;
        if (random.Chance(50))
        {
            Thing toy = world.NewThing(Lexicon.Toys);
            world.Own(hero, toy, EventKind.Has);
            world.Note(EventKind.Play, hero, thing: toy);
        }

        WorldEvent rain = world.WeatherTurns(world.Weather == "cold" && random.Chance(50) ? "snow" : random.Pick(["rain", "rain hard"]));
        WorldEvent wet = world.GetWet(hero, rain);
        world.Feel(hero, random.Pick(["cold", "unhappy", "sad"]), wet);
        if (random.Chance(55))
        {
            friend = Friend(world, hero, random.Chance(40));
            umbrella = world.NewThing(Lexicon.Umbrella);
            world.Own(friend, umbrella, EventKind.Has);
            WorldEvent shared = world.Note(EventKind.Umbrella, friend, hero, umbrella);
            world.Note(EventKind.Thank, hero, friend);
            world.Feel(hero, random.Pick(["glad", "happy"]), shared);
            if (random.Chance(40))
            {
                world.Move(hero, world.Home, EventKind.GoHome);
                world.GetDry(hero);
            }

            End(world, hero, "there is always room for two under an umbrella", "it is nice to share");
            return;
        }

        if (random.Chance(50))
        {
            world.Move(hero, random.Pick(Lexicon.Shelters), EventKind.Shelter, rain);
        }
        else
        {
            world.Move(hero, world.Home, EventKind.GoHome, rain);
        }

        WorldEvent dry = world.GetDry(hero);
        world.Feel(hero, random.Pick(["glad", "happy"]), dry);
        End(world, hero, "it is good to take an umbrella", "one must look at the sky before a walk");
    }
}
