namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody wants a thing from the shop; the coins are enough, or must be earned first, or are not enough.</summary>
internal sealed class Shopping : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Thing thing = world.NewThing(random.Chance(60) ? Lexicon.Toys : Lexicon.Possessions);
        int price = thing.Noun.Price;
        world.Note(EventKind.Want, hero, thing: thing);
        bool enough = random.Chance(55);
        world.Purse(hero, enough ? price + random.Next(7) : random.Next(price - 1) + 1);
        world.Scene();
        Place shop = random.Pick(Lexicon.Markets);
        world.Move(hero, shop);
        Person seller = world.Worker("the shopkeeper");
        seller.At = shop;
        if (hero.Coins < price)
        {
            WorldEvent poor = world.Note(EventKind.CannotAfford, hero, seller, thing, amount: price, rest: hero.Coins);
            world.Feel(hero, random.Pick(["sad", "disappointed"]), poor);
            if (random.Chance(30))
            {
                world.Move(hero, world.Home, EventKind.GoHome);
                world.Note(EventKind.Lesson, hero, detail: random.Pick(["it is good to save money", "good things need time"]));
                return;
            }

            Person payer = random.Chance(50) ? world.Relative() : world.Worker();
            world.Earn(hero, payer, random.Pick(Narration.WorkFrames.Chores), price - hero.Coins + random.Next(4));
        }

        WorldEvent bought = world.Buy(hero, seller, thing, price);
        if (hero.Coins > 0)
        {
            world.Note(EventKind.Left, hero, rest: hero.Coins);
        }

        world.Feel(hero, random.Pick(["happy", "proud", "glad"]), bought);
        End(world, hero, "work is worth it", "it is good to save money");
    }
}
