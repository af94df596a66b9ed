using System.Text;
using Moiety.Data.Narration;
using Moiety.Data.Questions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>Counting and small arithmetic: bare sums, small word problems, and counting facts.</summary>
internal sealed class ArithmeticKind : DocumentKind
{
    private static readonly (string Owner, string Part, int Count)[] Facts =
    [
        ("a dog", "legs", 4), ("a bird", "legs", 2), ("a bird", "wings", 2), ("a car", "wheels", 4), ("a bike", "wheels", 2), ("a hand", "fingers", 5),
        ("a week", "days", 7), ("a year", "months", 12), ("a cat", "eyes", 2), ("a spider", "legs", 8), ("a fish", "legs", 0), ("a horse", "legs", 4),
        ("a table", "legs", 4), ("a face", "noses", 1), ("a bee", "legs", 6), ("a year", "seasons", 4),
    ];

    internal override string Name => "arithmetic";

    internal override string Description => "sums, word problems and counting facts";

    internal override int DefaultWeight => 2;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StoryRandom random = context.Random;
        int count = random.Between(2, 5);
        List<StoryQuestion> questions = [];
        List<StoryEvent> events = [];
        World world = new(random);
        while (questions.Count < count)
        {
            StoryQuestion question = random.Next(4) switch
            {
                0 => Fact(random, events),
                1 => Sum(random, events),
                _ => Problem(world, events),
            };
            if (questions.TrueForAll(other => other.Question != question.Question))
            {
                questions.Add(question);
            }
        }

        StringBuilder text = new();
        foreach (StoryQuestion question in questions)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append("Question: ").Append(question.Question).Append("\nAnswer: ").Append(question.Answer);
        }

        return [new StoryDocument(context.Id, Name, text.ToString()) { Questions = questions, Events = events }];
    }

    private static StoryQuestion Sum(StoryRandom random, List<StoryEvent> events)
    {
        bool add = random.Chance(60);
        int first = random.Between(add ? 0 : 1, 12);
        int second = add ? random.Between(0, 12) : random.Between(0, first);
        int result = add ? first + second : first - second;
        events.Add(new StoryEvent(add ? "add" : "subtract", Amount: first, Rest: result, Detail: Numbers.Word(second)));
        string question = random.Chance(50) ? $"What is {Numbers.Word(first)} {(add ? "plus" : "minus")} {Numbers.Word(second)}?" : $"{Numbers.Word(first)} {(add ? "and" : "take away")} {Numbers.Word(second)} is how many?";
        return Ask(random, QuestionMaker.Capital(question), result, "sum");
    }

    private static StoryQuestion Fact(StoryRandom random, List<StoryEvent> events)
    {
        (string owner, string part, int count) = random.Pick(Facts);
        events.Add(new StoryEvent("count-fact", Actor: owner, Item: part, Rest: count));
        return Ask(random, $"How many {part} does {owner} have?", count, "fact");
    }

    private static StoryQuestion Problem(World world, List<StoryEvent> events)
    {
        StoryRandom random = world.Random;
        Person person = new(random.Pick(random.Chance(50) ? Lexicon.Girls : Lexicon.Boys), Gender.She, Role.Child);
        Noun noun = random.Pick(random.Chance(50) ? Lexicon.Foods : Lexicon.Nature);
        bool more = random.Chance(50);
        int first = random.Between(2, 10);
        int change = more ? random.Between(1, 9) : random.Between(1, first);
        int result = more ? first + change : first - change;
        events.Add(new StoryEvent(more ? "gain" : "lose-count", Actor: person.Name, Item: noun.Plural, Amount: change, Rest: result, Detail: Numbers.Word(first)));
        string has = $"{person.Name} has {Numbers.Word(first)} {noun.For(first)}";
        string what = $"{Numbers.Word(change)}{(more ? " more" : "")}";
        string verb = more ? random.Pick(["gets", "finds", "buys"]) : random.Pick(["gives away", "loses"]);
        return Ask(random, $"{has} and {verb} {what}. How many {noun.Plural} does {person.Name} have now?", result, "word-problem");
    }

    private static StoryQuestion Ask(StoryRandom random, string question, int answer, string kind)
    {
        HashSet<int> choices = [answer];
        while (choices.Count < 4)
        {
            choices.Add(Math.Max(0, answer + random.Between(-4, 4)));
        }

        string[] words = [.. choices.Select(number => QuestionMaker.Capital(Numbers.Word(number)))];
        random.Shuffle<string>(words);
        return new StoryQuestion(question, QuestionMaker.Capital(Numbers.Word(answer)), kind, words);
    }
}
