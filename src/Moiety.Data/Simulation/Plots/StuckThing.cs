namespace Moiety.Data.Simulation.Plots;

/// <summary>A thing is stuck high up; trying alone fails; somebody tall helps, or it stays there.</summary>
internal sealed class StuckThing : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Thing thing = world.NewThing(Lexicon.Toys.Where(noun => noun.Singular is "kite" or "balloon" or "ball").ToArray());
        world.Own(hero, thing);
        world.Scene();
        world.Move(hero, Outdoors(world));
        world.Note(EventKind.Play, hero, thing: thing);
        thing.Holder = null;
        thing.At = hero.At;
        WorldEvent stuck = world.Note(EventKind.Stuck, hero, thing: thing, detail: random.Pick(["in a tall tree", "on a roof", "on a high wall", "in a big tree"]));
        world.Feel(hero, random.Pick(["sad", "upset"]), stuck);
        world.Note(EventKind.ReachFail, hero, thing: thing);
        if (random.Chance(20))
        {
            world.Note(EventKind.GiveUp, hero);
            world.Move(hero, world.Home, EventKind.GoHome);
            return;
        }

        Person helper = Friend(world, hero, relative: true);
        world.Note(EventKind.AskWrong, helper, hero);
        world.Note(EventKind.Offer, helper, hero);
        world.Note(EventKind.Reach, helper, hero, thing);
        thing.Holder = helper;
        thing.At = null;
        WorldEvent given = world.Give(helper, hero, thing, forGood: false);
        world.Note(EventKind.Thank, hero, helper);
        world.Feel(hero, random.Pick(["happy", "glad"]), given);
        End(world, hero, "it is all right to ask for help", "some things need a tall helper");
    }
}
