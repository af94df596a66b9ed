namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody breaks a thing of a friend; the truth is told and forgiven, or hidden and regretted.</summary>
internal sealed class BrokenThing : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Place place = random.Chance(50) ? Outdoors(world) : random.Pick(Lexicon.Indoors);
        world.Move(hero, place);
        Person owner = Friend(world, hero, random.Chance(30));
        Thing thing = world.NewThing(Lexicon.Toys.Where(noun => noun.Singular is "drum" or "robot" or "toy car" or "toy boat" or "toy train" or "puppet" or "doll" or "kite").ToArray());
        world.Own(owner, thing, EventKind.Has);
        world.Note(EventKind.Play, hero, thing: thing);
        WorldEvent broken = world.Break(hero, owner, thing);
        world.Feel(hero, random.Pick(["sorry", "afraid", "worried"]), broken);
        if (random.Chance(30))
        {
            WorldEvent hidden = world.Note(EventKind.Hide, hero, owner, thing);
            world.Feel(hero, "unhappy", hidden);
        }

        world.Note(EventKind.Confess, hero, owner, thing);
        world.Note(EventKind.Apologize, hero, owner, thing);
        world.Note(EventKind.Forgive, owner, hero);
        if (random.Chance(70))
        {
            WorldEvent whole = world.Fix(random.Chance(50) ? hero : owner, owner, thing);
            world.Note(EventKind.FeelBoth, hero, owner, detail: "happy", cause: whole);
        }
        else
        {
            world.Note(EventKind.FixFail, hero, owner, thing);
            Thing other = world.NewThing(Lexicon.Toys);
            world.Own(hero, other, EventKind.Has);
            WorldEvent given = world.Give(hero, owner, other);
            world.Feel(owner, "happy", given);
        }

        End(world, hero, "it is best to tell the truth", "saying sorry helps");
    }
}
