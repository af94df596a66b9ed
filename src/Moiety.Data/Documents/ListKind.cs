using System.Text;
using Moiety.Data.Narration;
using Moiety.Data.Questions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>Lists: what is in a bag, what to buy, steps of a task, days and months.</summary>
internal sealed class ListKind : DocumentKind
{
    private static readonly (string Title, string[] Steps)[] HowTo =
    [
        ("How to plant a seed", ["Take a pot.", "Put soil into the pot.", "Put the seed into the soil.", "Give it water every day.", "Wait until it grows."]),
        ("How to make a sandwich", ["Take two slices of bread.", "Put butter on the bread.", "Put cheese on one slice.", "Put the other slice on top.", "Eat the sandwich."]),
        ("How to wash your hands", ["Open the tap.", "Make your hands wet.", "Take some soap.", "Rub your hands.", "Dry them with a towel."]),
        ("How to make tea", ["Boil some water.", "Put the tea into a cup.", "Pour the hot water into the cup.", "Wait for three minutes.", "Drink the tea slowly."]),
        ("How to fly a kite", ["Go to a hill on a windy day.", "Hold the string.", "Let a friend hold the kite.", "Run against the wind.", "Let the kite go up."]),
        ("How to go to bed", ["Put on your pajamas.", "Brush your teeth.", "Read a short book.", "Turn off the light.", "Close your eyes."]),
        ("How to build a snowman", ["Make a big ball of snow.", "Put a smaller ball on top.", "Put a small ball on top of that.", "Give it a carrot as a nose.", "Put a hat on its head."]),
    ];

    private static readonly (string Title, string[] Items)[] Orders =
    [
        ("The days of the week", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
        ("The months of the year", ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]),
        ("The seasons", ["spring", "summer", "autumn", "winter"]),
        ("The numbers from one to ten", ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]),
    ];

    internal override string Name => "list";

    internal override string Description => "lists of things, purchases and steps";

    internal override int DefaultWeight => 1;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StoryRandom random = context.Random;
        World world = new(random);
        List<StoryQuestion> questions = [];
        string text = random.Next(10) switch
        {
            < 4 => Things(world, questions),
            < 7 => Purchases(world, questions),
            < 9 => Steps(random),
            _ => Order(random),
        };
        return
        [
            new StoryDocument(context.Id, Name, questions.Count > 0 ? QuestionsKind.Append(text, questions) : text)
            {
                Events = EventWriter.Write(world.Events), Questions = questions,
            },
        ];
    }

    private static string Things(World world, List<StoryQuestion> questions)
    {
        StoryRandom random = world.Random;
        Person person = world.Child();
        string where = random.Pick(["bag", "room", "box", "basket"]);
        string[] items = new string[random.Between(3, 6)];
        for (int i = 0; i < items.Length; i++)
        {
            Thing thing = world.NewThing(random.Chance(50) ? Lexicon.Toys : Lexicon.Possessions);
            world.Own(person, thing);
            items[i] = Article(thing.Name);
        }

        string title = random.Pick([$"Things in {person.Name}'s {where}", $"What {person.Name} has in the {where}", $"In {person.Name}'s {where}"]);
        AskCount(random, $"How many things are in the list?", items.Length, questions);
        Thing had = random.Pick(world.Things);
        bool yes = random.Chance(50);
        Thing asked = yes ? had : new Thing(world.NewNoun(Lexicon.Toys), "new");
        questions.Add(new StoryQuestion($"Does {person.Name} have {Article(asked.Noun.Singular)}?", yes ? "Yes" : "No", "yes-no", ["Yes", "No"]));
        return Lines(title, items, numbered: false);
    }

    private static string Purchases(World world, List<StoryQuestion> questions)
    {
        StoryRandom random = world.Random;
        Person person = world.Child();
        string[] items = new string[random.Between(2, 5)];
        for (int i = 0; i < items.Length; i++)
        {
            Noun food = world.NewNoun(Lexicon.Foods);
            int amount = random.Between(1, 9);
            world.Note(EventKind.WantCount, person, noun: food, amount: amount);
            items[i] = $"{Numbers.Word(amount)} {food.For(amount)}";
            if (i == 0)
            {
                AskCount(random, $"How many {food.Plural} does {person.Name} need?", amount, questions);
            }
        }

        random.Shuffle<string>(items);
        return Lines(random.Pick([$"{person.Name}'s shopping list", $"What {person.Name} needs from the market", $"Shopping list for {person.Name}"]), items, numbered: random.Chance(40));
    }

    private static string Steps(StoryRandom random)
    {
        (string title, string[] steps) = random.Pick(HowTo);
        return Lines(title, steps, numbered: true);
    }

    private static string Order(StoryRandom random)
    {
        (string title, string[] items) = random.Pick(Orders);
        return Lines(title, items, numbered: random.Chance(50));
    }

    private static void AskCount(StoryRandom random, string question, int answer, List<StoryQuestion> questions)
    {
        HashSet<int> numbers = [answer];
        while (numbers.Count < 4)
        {
            numbers.Add(random.Between(1, 9));
        }

        string[] choices = [.. numbers.Select(number => QuestionMaker.Capital(Numbers.Word(number)))];
        random.Shuffle<string>(choices);
        questions.Add(new StoryQuestion(question, QuestionMaker.Capital(Numbers.Word(answer)), "how-many", choices));
    }

    private static string Article(string noun) => $"a{("aeiou".Contains(noun[0], StringComparison.Ordinal) ? "n" : "")} {noun}";

    private static string Lines(string title, string[] items, bool numbered)
    {
        StringBuilder text = new(title);
        text.Append(':');
        for (int i = 0; i < items.Length; i++)
        {
            text.Append('\n').Append(numbered ? $"{i + 1}. " : "- ").Append(items[i]);
        }

        return text.ToString();
    }
}
