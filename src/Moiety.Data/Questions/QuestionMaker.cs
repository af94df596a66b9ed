using Moiety.Data.Narration;
using Moiety.Data.Simulation;

namespace Moiety.Data.Questions;

/// <summary>
/// Asks about a story what its events decide: who has what, where, how many, how much, why, what weather, yes or no.
/// Wrong choices come from the same story where it has them, so that a question is not answered by its form alone.
/// </summary>
internal sealed class QuestionMaker(World world)
{
    private static readonly string[] YesNo = ["Yes", "No"];
    private readonly List<StoryQuestion> _questions = [];

    private StoryRandom Random => world.Random;

    /// <summary>Up to <paramref name="count"/> questions of different kinds, in random order.</summary>
    internal StoryQuestion[] Make(int count)
    {
        foreach (WorldEvent happened in world.Events)
        {
            AskAbout(happened);
        }

        AskAboutEnd();
        StoryQuestion[] all = [.. _questions];
        Random.Shuffle<StoryQuestion>(all);
        StoryQuestion[] apart = [.. all.DistinctBy(question => IsOpening(question.Kind) ? "opening" : question.Kind)];
        return [.. apart.Concat(all.Where(question => !IsOpening(question.Kind))).DistinctBy(question => question.Question).Take(count)];
    }

    /// <summary>Whether the first lines of every story decide a question of this kind; one of them is enough.</summary>
    private static bool IsOpening(string kind) => kind is "weather" or "time" or "trait";

    /// <summary>A text with its first letter in upper case, as an answer stands.</summary>
    internal static string Capital(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";

    private void AskAbout(WorldEvent happened)
    {
        string actor = happened.Actor?.Name ?? "";
        string thing = happened.Thing?.Noun.Singular ?? "";
        switch (happened.Kind)
        {
            case EventKind.Scene:
                string[] parts = happened.Detail.Split(' ');
                Ask("What was the weather like?", Capital(parts[0]), "weather", [.. Lexicon.DryWeathers.Concat(Lexicon.WetWeathers).Select(Capital)],
                    only: !world.Events.Any(e => e.Kind == EventKind.WeatherTurns));
                Ask("What time of day was it?", Capital(parts[1]), "time", ["Morning", "Afternoon", "Evening"], only: parts[1] != "day");
                break;
            case EventKind.WeatherTurns:
                string fall = Random.Chance(50) ? "rain" : "snow";
                Ask($"Did it {fall}?", happened.Detail.StartsWith(fall, StringComparison.Ordinal) ? "Yes" : "No", "yes-no", YesNo);
                break;
            case EventKind.Introduce:
                Ask($"What kind of {happened.Actor!.Kin} was {actor}?", Capital(happened.Detail), "trait", [.. Lexicon.Traits.Select(Capital)]);
                break;
            case EventKind.Find:
                Ask($"Where did {actor} find the {thing}?", Capital(happened.Detail), "where-found", [.. happened.Place!.Spots.Select(Capital)]);
                Ask($"Who found the {thing}?", Capital(actor), "who", Names());
                break;
            case EventKind.Lose:
                Ask($"Where did {actor} lose the {thing}?", Capital(happened.Place!.InThe), "where-lost", Places());
                Ask($"What did {actor} lose?", Indefinite(happened.Thing!), "what", OtherThings(happened.Thing!));
                bool found = world.Events.Any(later => later.Kind == EventKind.Find);
                Ask($"Was the {thing} found?", found ? "Yes" : "No", "yes-no", YesNo);
                break;
            case EventKind.Buy:
                Ask($"Did {actor} have enough money at first?", "Yes", "yes-no", YesNo, only: !world.Events.Any(e => e.Kind == EventKind.CannotAfford));
                Ask($"How much did the {thing} cost?", Capital(Numbers.Coins(happened.Amount)), "price", Near(happened.Amount, Numbers.Coins));
                Ask($"What did {actor} buy?", Indefinite(happened.Thing!), "what", OtherThings(happened.Thing!));
                break;
            case EventKind.CannotAfford:
                Ask($"Did {actor} have enough money at first?", "No", "yes-no", YesNo);
                break;
            case EventKind.Move:
                bool there = Random.Chance(50);
                Place place = there ? happened.Place! : Random.Pick(Lexicon.Outdoors);
                Ask($"Did {actor} go to {place.The}?", world.Events.Any(e => e.Kind == EventKind.Move && e.Actor == happened.Actor && e.Place == place) ? "Yes" : "No", "yes-no", YesNo);
                break;
            case EventKind.Give or EventKind.Return:
                Person giver = Random.Chance(50) ? happened.Actor! : happened.Other!;
                Person receiver = giver == happened.Actor ? happened.Other! : happened.Actor!;
                Ask($"Did {giver.Name} give the {thing} to {receiver.Name}?", giver == happened.Actor ? "Yes" : "No", "yes-no", YesNo,
                    only: giver == happened.Actor || !Gave(giver, receiver, happened.Thing!));
                Ask($"Who gave the {thing} to {happened.Other!.Name}?", Capital(actor), "who", Names());
                break;
            case EventKind.GiveCount:
                Ask($"How many {happened.Noun!.Plural} did {actor} give to {happened.Other!.Name}?", Capital(Numbers.Word(happened.Amount)), "how-many-given", Near(happened.Amount, Numbers.Word));
                break;
            case EventKind.Eat:
                Ask($"How many {happened.Noun!.Plural} did {actor} eat?", Capital(Numbers.Word(happened.Amount)), "how-many-eaten", Near(happened.Amount, Numbers.Word));
                break;
            case EventKind.Feel when happened.Cause is { } cause && Reasons.Of(cause) is { } reason && world.Events.Count(e => e.Kind == EventKind.Feel && e.Actor == happened.Actor && e.Detail == happened.Detail) == 1:
                Ask($"Why was {actor} {happened.Detail}?", $"Because {reason}", "why",
                    [.. world.Events.Select(e => e == cause ? null : Reasons.Of(e)).OfType<string>().Concat(Reasons.Others(world, happened.Actor!)).Select(text => $"Because {text}")]);
                Ask($"How did {actor} feel at the end?", Capital(happened.Detail), "feeling", ["Happy", "Sad", "Angry", "Afraid", "Proud", "Tired"],
                    only: happened == world.Events.LastOrDefault(e => e.Kind is EventKind.Feel or EventKind.FeelBoth && (e.Actor == happened.Actor || e.Other == happened.Actor)));
                break;
            case EventKind.Afraid:
                Ask($"What was {actor} afraid of?", Capital(happened.Detail), "what", [.. WorkFrames.Dares.Select(dare => Capital(dare.Fear))]);
                break;
            case EventKind.Brave or EventKind.GiveUp when happened.Detail.Length > 0:
                Ask($"Did {actor} {happened.Detail}?", happened.Kind == EventKind.Brave ? "Yes" : "No", "yes-no", YesNo);
                break;
            case EventKind.Build:
                Ask($"What did {actor} and {happened.Other!.Name} build?", Capital(happened.Detail), "what", [.. WorkFrames.Buildings.Select(Capital)]);
                break;
            case EventKind.Offer:
                Ask($"Who wanted to help {happened.Other!.Name}?", Capital(actor), "who", Names());
                break;
            case EventKind.Umbrella:
                Ask("Who had an umbrella?", Capital(actor), "who", Names());
                break;
            case EventKind.Earn:
                Ask($"How many coins did {actor} earn?", Capital(Numbers.Word(happened.Amount)), "how-many-earned", Near(happened.Amount, Numbers.Word));
                break;
        }
    }

    private void AskAboutEnd()
    {
        foreach (Thing thing in world.Things)
        {
            if (thing.Noun.Class is NounClass.Toy or NounClass.Possession && thing.Holder is { } holder)
            {
                Ask($"Who has the {thing.Noun.Singular} at the end?", Capital(holder.Name), "who-has", Names());
            }
        }

        foreach (Person person in world.People)
        {
            foreach ((Noun noun, int amount) in person.Counts)
            {
                Ask($"How many {noun.Plural} does {person.Name} have at the end?", Capital(Numbers.Word(amount)), "how-many", Near(amount, Numbers.Word),
                    only: (amount > 0 || Random.Chance(35)) && world.Events.Any(e => e.Noun == noun && (e.Kind == EventKind.GiveCount ? e.Other == person : e.Actor == person && e.Kind is EventKind.Collect or EventKind.OwnCount or EventKind.BuyCount)));
            }

            if (world.Events.LastOrDefault(e => e.Kind is EventKind.Purse or EventKind.Buy or EventKind.Pay or EventKind.Earn && e.Actor == person) is not null)
            {
                Ask($"How many coins does {person.Name} have at the end?", Capital(Numbers.Word(person.Coins)), "money-left", Near(person.Coins, Numbers.Word));
            }

            if (world.Events.LastOrDefault(e => e.Kind is EventKind.Move or EventKind.GoHome or EventKind.Shelter or EventKind.Visit && e.Actor == person) is { Kind: not EventKind.Visit } moved)
            {
                string answer = moved.Kind == EventKind.GoHome ? "At home" : Capital(moved.Place!.InThe);
                Ask($"Where is {person.Name} at the end?", answer, "where-is", [.. Places(), "At home"], only: moved.Kind != EventKind.GoHome || Random.Chance(40));
            }
        }
    }

    private bool Gave(Person giver, Person receiver, Thing thing) =>
        world.Events.Any(e => e.Kind is EventKind.Give or EventKind.Return or EventKind.Borrow && e.Actor == giver && e.Other == receiver && e.Thing == thing);

    private void Ask(string question, string answer, string kind, IReadOnlyList<string> candidates, bool only = true)
    {
        if (!only)
        {
            return;
        }

        string[] wrong = [.. candidates.Distinct().Where(choice => choice != answer)];
        Random.Shuffle<string>(wrong);
        string[] choices = [answer, .. wrong.Take(3)];
        Random.Shuffle<string>(choices);
        if (choices.Length > 1)
        {
            _questions.Add(new StoryQuestion(question, answer, kind, choices));
        }
    }

    private string[] Names()
    {
        List<string> names = [.. world.People.Select(person => Capital(person.Name))];
        while (names.Count < 4)
        {
            string name = Random.Pick(Random.Chance(50) ? Lexicon.Girls : Lexicon.Boys);
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }

    private string[] Places() => [.. Lexicon.Outdoors.Concat(Lexicon.Indoors).Select(place => Capital(place.InThe))];

    private static string Indefinite(Thing thing) => $"A{("aeiou".Contains(thing.Name[0], StringComparison.Ordinal) ? "n" : "")} {thing.Name}";

    private string[] OtherThings(Thing thing)
    {
        HashSet<string> others = [];
        while (others.Count < 3)
        {
            Noun noun = Random.Pick(thing.Noun.Class == NounClass.Toy ? Lexicon.Toys : Lexicon.Possessions);
            if (noun != thing.Noun)
            {
                others.Add(Indefinite(new Thing(noun, Random.Pick(noun.Adjectives))));
            }
        }

        return [.. others];
    }

    private string[] Near(int number, Func<int, string> word)
    {
        HashSet<int> near = [];
        while (near.Count < 3)
        {
            int other = Math.Max(0, number + Random.Between(-4, 4));
            if (other != number)
            {
                near.Add(other);
            }
        }

        return [.. near.Select(n => Capital(word(n)))];
    }
}
