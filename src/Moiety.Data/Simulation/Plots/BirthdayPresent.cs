namespace Moiety.Data.Simulation.Plots;

/// <summary>A friend has a birthday; the hero finds or buys a present and gives it.</summary>
internal sealed class BirthdayPresent : Plot
{
    internal override void Run(World world)
    {
        StoryRandom random = world.Random;
        Person hero = Hero(world);
        world.Scene();
        Person friend = random.Chance(35) ? world.Relative() : world.Child();
        world.Note(EventKind.Birthday, hero, friend);
        if (random.Chance(50))
        {
            Thing present = world.NewThing(random.Chance(50) ? Lexicon.Toys : Lexicon.Possessions);
            int price = present.Noun.Price;
            world.Purse(hero, price + random.Next(6));
            world.Move(hero, random.Pick(Lexicon.Markets));
            world.Buy(hero, world.Worker("the shopkeeper"), present, price);
            if (hero.Coins > 0)
            {
                world.Note(EventKind.Left, hero, rest: hero.Coins);
            }

            world.Visit(hero, friend);
            world.Give(hero, friend, present);
        }
        else
        {
            Place place = Outdoors(world);
            Noun noun = world.NewNoun(Lexicon.NatureAt(place));
            world.Move(hero, place);
            world.Gather(hero, noun, random.Between(3, 9), EventKind.Collect);
            world.Visit(hero, friend);
            int given = random.Chance(60) ? hero.CountOf(noun) : random.Between(2, hero.CountOf(noun));
            world.GiveCount(hero, friend, noun, given);
        }

        WorldEvent gift = world.Last;
        world.Note(EventKind.Thank, friend, hero);
        world.Feel(friend, random.Pick(["happy", "surprised"]), gift);
        End(world, hero, "giving is as nice as getting", "small presents can make people happy");
    }
}
