namespace Moiety.Data.Simulation.Plots;

/// <summary>There is work to do; somebody helps and it gets done, or nobody does.</summary>
internal sealed class Chore : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Person worker = random.Chance(50) ? world.Relative() : world.Worker();
        Narration.Frame chore = random.Pick(Narration.WorkFrames.Chores);
        WorldEvent task = world.Note(EventKind.Task, worker, work: chore);
        if (random.Chance(80))
        {
            world.Note(EventKind.Offer, hero, worker);
            WorldEvent help = world.Note(EventKind.HelpTask, hero, worker, work: chore, cause: task);
            world.Note(EventKind.TaskDone, worker, hero);
            world.Note(EventKind.Thank, worker, hero);
            if (random.Chance(50))
            {
                Noun food = world.NewNoun(Lexicon.Foods);
                int amount = random.Between(1, 5);
                worker.Counts[food] = amount;
                world.GiveCount(worker, hero, food, amount);
                world.Eat(hero, food, random.Between(1, amount));
            }

            world.Feel(hero, random.Pick(["happy", "proud"]), help);
            End(world, hero, "many hands make light work", "helping feels good");
            return;
        }

        WorldEvent failed = world.Note(EventKind.TaskFail, worker);
        world.Feel(worker, "tired", failed);
        world.Feel(hero, "sorry", failed);
        End(world, hero, "it is good to help");
    }
}
