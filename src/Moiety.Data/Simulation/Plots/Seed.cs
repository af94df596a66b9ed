namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody plants a seed and waters it, or forgets to.</summary>
internal sealed class Seed : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Person giver = world.Relative();
        world.Scene();
        world.Note(EventKind.GetSeed, giver, hero);
        world.Note(EventKind.Plant, hero, giver);
        if (random.Chance(70))
        {
            WorldEvent watered = world.Note(EventKind.Water, hero);
            world.Note(EventKind.Wait, hero, giver);
            WorldEvent grown = world.Note(EventKind.Grow, hero, detail: random.Pick(["sunflower", "rose", "apple tree", "red flower", "bean plant", "pumpkin"]), cause: watered);
            world.Feel(hero, random.Pick(["happy", "proud"]), grown);
            End(world, hero, "good things need time", "plants need water and care");
            return;
        }

        WorldEvent forgot = world.Note(EventKind.NoWater, hero);
        WorldEvent dead = world.Note(EventKind.NoGrow, hero, cause: forgot);
        world.Feel(hero, random.Pick(["sad", "sorry"]), dead);
        End(world, hero, "plants need water and care", "one must not forget one's work");
    }
}
