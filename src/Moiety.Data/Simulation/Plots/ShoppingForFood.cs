namespace Moiety.Data.Simulation.Plots;

/// <summary>Somebody is sent to buy food, counts the coins, and brings it to a relative.</summary>
internal sealed class ShoppingForFood : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        Person cook = world.Relative();
        cook.At = hero.At;
        Noun food = world.NewNoun(Lexicon.Foods);
        world.Scene();
        world.Note(EventKind.Errand, cook, hero, noun: food);
        int amount = random.Between(2, 6);
        int price = amount * food.Price;
        world.Purse(hero, price + random.Next(6));
        Place market = Lexicon.Markets[random.Next(2)];
        world.Move(hero, market);
        Person seller = world.Worker();
        world.BuyCount(hero, seller, food, amount, price);
        if (hero.Coins > 0)
        {
            world.Note(EventKind.Left, hero, rest: hero.Coins);
        }

        int eaten = random.Chance(35) ? 1 : 0;
        if (eaten > 0)
        {
            world.GetHungry(hero);
            world.Eat(hero, food, eaten, world.Last);
        }

        world.Move(hero, world.Home, EventKind.GoHome);
        WorldEvent given = world.GiveCount(hero, cook, food, hero.CountOf(food));
        world.Note(EventKind.Thank, cook, hero);
        world.Feel(hero, random.Pick(["proud", "happy"]), given);
        End(world, hero, "helping at home feels good");
    }
}
