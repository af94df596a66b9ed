using Moiety.Data.Narration;

namespace Moiety.Data.Simulation;

/// <summary>
/// The state of one story and the log of what happened in it. Every method checks that its event is possible now,
/// changes the state and writes the event down, so the log always replays to the state.
/// </summary>
internal sealed class World(StoryRandom random)
{
    private readonly HashSet<string> _taken = [];

    internal StoryRandom Random { get; } = random;

    internal List<WorldEvent> Events { get; } = [];

    internal List<Person> People { get; } = [];

    internal List<Thing> Things { get; } = [];

    internal Place Home { get; } = new("house", "in", false, ["under the bed", "behind the door", "on the shelf"]);

    internal string Weather { get; private set; } = "sunny";

    internal string Time { get; private set; } = "day";

    internal WorldEvent Last => Events[^1];

    /// <summary>A child that the story does not hold yet.</summary>
    internal Person Child(Gender? gender = null)
    {
        while (true)
        {
            Gender chosen = gender ?? (Random.Chance(50) ? Gender.She : Gender.He);
            string name = Random.Pick(chosen == Gender.She ? Lexicon.Girls : Lexicon.Boys);
            if (_taken.Add(name))
            {
                return Join(new Person(name, chosen, Role.Child));
            }
        }
    }

    internal Person Relative()
    {
        (string name, Gender gender) = Random.Pick(Lexicon.Family);
        return _taken.Add(name) ? Join(new Person(name, gender, Role.Family)) : Relative();
    }

    internal Person Worker(string? name = null)
    {
        (string Name, Gender Gender)[] fitting = name is null ? Lexicon.Workers : [.. Lexicon.Workers.Where(worker => worker.Name == name)];
        (string found, Gender gender) = Random.Pick(fitting);
        return _taken.Add(found) ? Join(new Person(found, gender, Role.Worker)) : Worker();
    }

    /// <summary>A thing of a noun that the story does not hold yet.</summary>
    internal Thing NewThing(Noun[] nouns)
    {
        while (true)
        {
            Noun noun = Random.Pick(nouns);
            if (_taken.Add(noun.Singular))
            {
                return NewThing(noun);
            }
        }
    }

    internal Thing NewThing(Noun noun)
    {
        _taken.Add(noun.Singular);
        Thing thing = new(noun, Random.Pick(noun.Adjectives));
        Things.Add(thing);
        return thing;
    }

    internal Noun NewNoun(Noun[] nouns)
    {
        while (true)
        {
            Noun noun = Random.Pick(nouns);
            if (_taken.Add(noun.Singular))
            {
                return noun;
            }
        }
    }

    /// <summary>Writes down an event that changes no state.</summary>
    internal WorldEvent Note(
        EventKind kind, Person? actor = null, Person? other = null, Thing? thing = null, Thing? second = null, Place? place = null,
        Noun? noun = null, int amount = 0, int rest = 0, string detail = "", Frame? work = null, WorldEvent? cause = null, Person? owner = null)
    {
        WorldEvent happened = new(kind, Events.Count)
        {
            Actor = actor,
            Other = other,
            Thing = thing,
            Owner = owner ?? thing?.Owner,
            Second = second,
            Place = place,
            Noun = noun,
            Amount = amount,
            Rest = rest,
            Detail = detail,
            Work = work,
            Cause = cause,
        };
        Events.Add(happened);
        return happened;
    }

    /// <summary>The day and its weather; a story begins dry, so that rain can turn it.</summary>
    internal WorldEvent Scene()
    {
        Weather = Random.Pick(Lexicon.DryWeathers);
        Time = Random.Pick(Lexicon.Times);
        return Note(EventKind.Scene, detail: $"{Weather} {Time}");
    }

    internal WorldEvent WeatherTurns(string weather)
    {
        Weather = weather;
        return Note(EventKind.WeatherTurns, detail: weather);
    }

    internal void Introduce(Person person)
    {
        person.Trait = Random.Pick(Lexicon.Traits);
        Note(EventKind.Introduce, person, detail: person.Trait);
        if (Random.Chance(45))
        {
            Note(EventKind.Like, person, work: Random.Pick(WorkFrames.Hobbies));
        }
    }

    internal WorldEvent Own(Person person, Thing thing, EventKind kind = EventKind.Own)
    {
        Require(thing.Holder is null, "a thing has one holder");
        thing.Owner = person;
        thing.Holder = person;
        return Note(kind, person, thing: thing);
    }

    internal WorldEvent OwnCount(Person person, Noun noun, int amount)
    {
        person.Counts[noun] = amount;
        return Note(EventKind.OwnCount, person, noun: noun, amount: amount, rest: amount);
    }

    internal WorldEvent Purse(Person person, int coins)
    {
        person.Coins = coins;
        return Note(EventKind.Purse, person, amount: coins, rest: coins);
    }

    internal WorldEvent Move(Person person, Place place, EventKind kind = EventKind.Move, WorldEvent? cause = null)
    {
        Require(person.At != place, "a person moves to another place");
        person.At = place;
        WorldEvent moved = Note(kind, person, place: place, cause: cause);
        if (kind == EventKind.Move && place.Outdoor && Random.Chance(35))
        {
            Note(EventKind.Scenery, person, place: place, work: Random.Pick(SceneFrames.Scenery(Weather)));
        }

        return moved;
    }

    /// <summary>Somebody goes to see somebody else, wherever that is; nobody asks where the visitor is then.</summary>
    internal WorldEvent Visit(Person visitor, Person host)
    {
        visitor.At = null;
        return Note(EventKind.Visit, visitor, host);
    }

    internal WorldEvent Lay(Person finder, Thing thing, Place place, string spot)
    {
        Require(thing.Holder is null && finder.At == place, "a thing lies where it is seen");
        thing.At = place;
        return Note(EventKind.See, finder, thing: thing, place: place, detail: spot);
    }

    internal WorldEvent Take(Person person, Thing thing)
    {
        Require(thing.Holder is null && thing.At == person.At, "a person takes a thing from where the person is");
        thing.At = null;
        WorldEvent taken = Note(EventKind.Take, person, thing: thing);
        thing.Holder = person;
        thing.Owner ??= person;
        return taken;
    }

    internal WorldEvent Lose(Person person, Thing thing)
    {
        Require(thing.Holder == person, "a person loses what the person has");
        thing.Holder = null;
        thing.At = person.At;
        return Note(EventKind.Lose, person, thing: thing, place: person.At);
    }

    internal WorldEvent Find(Person person, Thing thing, string spot, EventKind kind = EventKind.Find)
    {
        Require(thing.Holder is null && thing.At == person.At, "a person finds a thing where the person is");
        thing.At = null;
        thing.Holder = person;
        return Note(kind, person, thing: thing, place: person.At, detail: spot);
    }

    internal WorldEvent Give(Person giver, Person receiver, Thing thing, EventKind kind = EventKind.Give, bool forGood = true, WorldEvent? cause = null)
    {
        Require(thing.Holder == giver && giver != receiver, "a person gives what the person has");
        WorldEvent given = Note(kind, giver, receiver, thing, cause: cause);
        thing.Holder = receiver;
        thing.Owner = forGood ? receiver : thing.Owner;
        return given;
    }

    internal WorldEvent Swap(Person one, Person other, Thing first, Thing second)
    {
        Require(first.Holder == one && second.Holder == other, "each swaps what each has");
        WorldEvent swapped = Note(EventKind.Swap, one, other, first, second);
        (first.Holder, first.Owner, second.Holder, second.Owner) = (other, other, one, one);
        return swapped;
    }

    internal WorldEvent GiveCount(Person giver, Person receiver, Noun noun, int amount, WorldEvent? cause = null)
    {
        Require(amount > 0 && giver.CountOf(noun) >= amount, "a person gives what the person has");
        giver.Counts[noun] = giver.CountOf(noun) - amount;
        receiver.Counts[noun] = receiver.CountOf(noun) + amount;
        return Note(EventKind.GiveCount, giver, receiver, noun: noun, amount: amount, rest: giver.CountOf(noun), cause: cause);
    }

    internal WorldEvent Gather(Person person, Noun noun, int amount, EventKind kind, string detail = "")
    {
        person.Counts[noun] = person.CountOf(noun) + amount;
        return Note(kind, person, place: person.At, noun: noun, amount: amount, rest: person.CountOf(noun), detail: detail);
    }

    internal WorldEvent Eat(Person person, Noun food, int amount, WorldEvent? cause = null)
    {
        Require(amount > 0 && person.CountOf(food) >= amount, "a person eats what the person has");
        person.Counts[food] = person.CountOf(food) - amount;
        return Note(EventKind.Eat, person, noun: food, amount: amount, rest: person.CountOf(food), cause: cause);
    }

    internal WorldEvent Buy(Person buyer, Person seller, Thing thing, int price)
    {
        Require(buyer.Coins >= price && thing.Holder is null, "a person buys what the person can pay for");
        buyer.Coins -= price;
        WorldEvent bought = Note(EventKind.Buy, buyer, seller, thing, amount: price, rest: buyer.Coins);
        thing.Holder = buyer;
        thing.Owner = buyer;
        return bought;
    }

    internal WorldEvent BuyCount(Person buyer, Person seller, Noun noun, int amount, int price)
    {
        Require(amount > 0 && buyer.Coins >= price, "a person buys what the person can pay for");
        buyer.Coins -= price;
        buyer.Counts[noun] = buyer.CountOf(noun) + amount;
        Note(EventKind.BuyCount, buyer, seller, noun: noun, amount: amount, rest: buyer.CountOf(noun));
        return Note(EventKind.Pay, buyer, seller, amount: price, rest: buyer.Coins);
    }

    internal WorldEvent Earn(Person worker, Person payer, Frame work, int coins)
    {
        worker.Coins += coins;
        return Note(EventKind.Earn, worker, payer, amount: coins, rest: worker.Coins, work: work);
    }

    internal WorldEvent GetHungry(Person person) => Note(EventKind.GetHungry, person);

    internal WorldEvent GetWet(Person person, WorldEvent cause)
    {
        person.Wet = true;
        return Note(EventKind.GetWet, person, cause: cause);
    }

    internal WorldEvent GetDry(Person person)
    {
        Require(person.Wet, "only the wet get dry");
        person.Wet = false;
        return Note(EventKind.GetDry, person);
    }

    internal WorldEvent Break(Person person, Person owner, Thing thing)
    {
        Require(!thing.Broken, "a thing breaks once");
        thing.Broken = true;
        return Note(EventKind.Break, person, owner, thing);
    }

    internal WorldEvent Fix(Person person, Person owner, Thing thing)
    {
        Require(thing.Broken, "only a broken thing is fixed");
        thing.Broken = false;
        return Note(EventKind.Fix, person, owner, thing);
    }

    internal WorldEvent Feel(Person person, string feeling, WorldEvent cause)
    {
        WorldEvent felt = Note(EventKind.Feel, person, detail: feeling, cause: cause);
        if (feeling is "sad" or "worried" or "upset" or "disappointed" && Random.Chance(35))
        {
            Note(EventKind.Think, person);
        }

        return felt;
    }

    private Person Join(Person person)
    {
        People.Add(person);
        return person;
    }

    private static void Require(bool possible, string rule)
    {
        if (!possible)
        {
            throw new InvalidOperationException($"The story world was asked for something impossible: {rule}.");
        }
    }
}
