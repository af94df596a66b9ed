using Moiety.Data.Narration;
using Moiety.Data.Questions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>An instruction and the reply that follows it.</summary>
internal sealed class InstructionKind : DocumentKind
{
    private static readonly (string Word, string Opposite)[] Opposites =
    [
        ("big", "small"), ("hot", "cold"), ("wet", "dry"), ("happy", "sad"), ("old", "new"), ("long", "short"), ("day", "night"), ("fast", "slow"),
        ("up", "down"), ("open", "closed"), ("light", "dark"), ("good", "bad"), ("loud", "quiet"), ("full", "empty"), ("high", "low"), ("first", "last"),
        ("hard", "soft"), ("clean", "dirty"), ("left", "right"), ("yes", "no"),
    ];

    private static readonly (string Rude, string Polite)[] Manners =
    [
        ("Give me the {0}!", "Could you please give me the {0}?"), ("I want a {0} now!", "I would like a {0}, please."), ("Show me your {0}!", "Could you please show me your {0}?"),
        ("Put the {0} down!", "Would you please put the {0} down?"), ("Do not touch my {0}!", "Please do not touch my {0}."), ("Where is my {0}?", "Excuse me, do you know where my {0} is?"),
    ];

    internal override string Name => "instruction";

    internal override string Description => "an instruction with its reply: count, repeat, reverse, choose, continue, say politely";

    internal override int DefaultWeight => 3;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StoryRandom random = context.Random;
        List<StoryEvent> events = [];
        (string instruction, string reply) = random.Next(20) switch
        {
            0 or 1 => Count(random),
            2 => Repeat(random),
            3 or 4 => Reverse(random),
            5 => Choose(random),
            6 => Nth(random),
            7 => Opposite(random),
            8 or 9 => Politely(random),
            10 => Plural(random),
            11 => Sort(random),
            12 => Make(random),
            13 or 14 or 15 => Continue(random, events),
            _ => StoryAbout(random, events),
        };
        return [new StoryDocument(context.Id, Name, $"Instruction: {instruction}\nReply: {reply}") { Events = events }];
    }

    private static string[] Words(StoryRandom random, int count)
    {
        HashSet<string> words = [];
        while (words.Count < count)
        {
            words.Add(random.Pick(random.Pick([Lexicon.Foods, Lexicon.Toys, Lexicon.Possessions, Lexicon.Nature, Lexicon.Animals])).Singular);
        }

        return [.. words];
    }

    private static (string, string) Count(StoryRandom random)
    {
        string[] words = Words(random, random.Between(2, 7));
        string ask = random.Pick(["Count the words", "How many words are there", "Count the things in this list"]);
        return ($"{ask}: {string.Join(", ", words)}{(ask[0] == 'H' ? "?" : ".")}", $"{QuestionMaker.Capital(Numbers.Word(words.Length))}.");
    }

    private static (string, string) Repeat(StoryRandom random)
    {
        string word = Words(random, 1)[0];
        int times = random.Between(2, 5);
        return ($"{random.Pick(["Say", "Repeat", "Write"])} the word \"{word}\" {Numbers.Word(times)} times.", $"{QuestionMaker.Capital(string.Join(", ", Enumerable.Repeat(word, times)))}.");
    }

    private static (string, string) Reverse(StoryRandom random)
    {
        string[] words = Words(random, random.Between(2, 5));
        return ($"{random.Pick(["Say this list backwards", "Reverse this list", "Turn this list around"])}: {string.Join(", ", words)}.", $"{QuestionMaker.Capital(string.Join(", ", words.Reverse()))}.");
    }

    private static (string, string) Sort(StoryRandom random)
    {
        HashSet<int> numbers = [];
        int count = random.Between(3, 5);
        while (numbers.Count < count)
        {
            numbers.Add(random.Between(1, 20));
        }

        return ($"{random.Pick(["Sort these numbers", "Put these numbers in order"])}: {string.Join(", ", numbers.Select(Numbers.Word))}.", $"{QuestionMaker.Capital(string.Join(", ", numbers.Order().Select(Numbers.Word)))}.");
    }

    private static (string, string) Choose(StoryRandom random)
    {
        HashSet<int> numbers = [];
        while (numbers.Count < 3)
        {
            numbers.Add(random.Between(1, 20));
        }

        bool biggest = random.Chance(50);
        return ($"{random.Pick(["Choose", "Name", "Tell me"])} the {(biggest ? "biggest" : "smallest")} number: {string.Join(", ", numbers.Select(Numbers.Word))}.",
            $"{QuestionMaker.Capital(Numbers.Word(biggest ? numbers.Max() : numbers.Min()))}.");
    }

    private static (string, string) Nth(StoryRandom random)
    {
        string[] words = Words(random, random.Between(3, 5));
        int at = random.Next(4);
        string which = at switch { 0 => "first", 1 => "second", 2 => "third", _ => "last" };
        return ($"{random.Pick(["Say", "Give", "Name"])} the {which} word: {string.Join(", ", words)}.", $"{QuestionMaker.Capital(at == 3 ? words[^1] : words[at])}.");
    }

    private static (string, string) Opposite(StoryRandom random)
    {
        (string word, string opposite) = random.Pick(Opposites);
        if (random.Chance(50))
        {
            (word, opposite) = (opposite, word);
        }

        return (random.Pick([$"Say the opposite of \"{word}\".", $"What is the opposite of \"{word}\"?"]), $"{QuestionMaker.Capital(opposite)}.");
    }

    private static (string, string) Plural(StoryRandom random)
    {
        Noun noun = random.Pick(random.Pick([Lexicon.Foods, Lexicon.Toys, Lexicon.Possessions, Lexicon.Nature, Lexicon.Animals]));
        int amount = random.Between(2, 9);
        return ($"{random.Pick(["Finish the words", "Complete"])}: one {noun.Singular}, {Numbers.Word(amount)} ...", $"{QuestionMaker.Capital(Numbers.Word(amount))} {noun.Plural}.");
    }

    private static (string, string) Politely(StoryRandom random)
    {
        (string rude, string polite) = random.Pick(Manners);
        string noun = random.Pick(random.Pick([Lexicon.Toys, Lexicon.Possessions])).Singular;
        rude = string.Format(System.Globalization.CultureInfo.InvariantCulture, rude, noun);
        polite = string.Format(System.Globalization.CultureInfo.InvariantCulture, polite, noun);
        return ($"{random.Pick(["Say this politely", "Make this polite", "Say it in a polite way"])}: {rude}", polite);
    }

    private static (string, string) Make(StoryRandom random)
    {
        Noun noun = random.Pick(random.Pick([Lexicon.Toys, Lexicon.Possessions, Lexicon.Foods]));
        World world = new(random);
        Person person = world.Child();
        Thing thing = world.NewThing(noun);
        thing.Holder = null;
        Telling telling = new(random);
        WorldEvent own = random.Chance(50) ? world.Own(person, thing) : world.Note(EventKind.Want, person, thing: thing);
        Frame[] frames = EventFrames.For(own.Kind).Clauses;
        Reference.Render(telling, own, 'A', 'f', VerbForm.Past);
        telling.Append(" ");
        random.Pick(frames).Render(telling, own, VerbForm.Past);
        telling.Append(".");
        return ($"{random.Pick(["Make", "Write", "Say"])} a sentence with the word \"{noun.Singular}\".", telling.ToString());
    }

    private static (string, string) Continue(StoryRandom random, List<StoryEvent> events)
    {
        (World world, string text) = StoryKind.Tell(random);
        events.AddRange(EventWriter.Write(world.Events));
        int cut = text.IndexOf(". ", text.Length / 4, StringComparison.Ordinal);
        return cut < 0
            ? StoryAbout(random, events)
            : ($"{random.Pick(["Continue the story", "Go on with the story", "Finish this story"])}: {text[..(cut + 1)].Replace("\n\n", " ", StringComparison.Ordinal)}", text[(cut + 2)..]);
    }

    private static (string, string) StoryAbout(StoryRandom random, List<StoryEvent> events)
    {
        events.Clear();
        (World world, string text) = StoryKind.Tell(random);
        events.AddRange(EventWriter.Write(world.Events));
        Person hero = world.People[0];
        string what = world.Things.Count > 0 ? $" and a {world.Things[0].Noun.Singular}" : "";
        what = what.Replace(" a umbrella", " an umbrella", StringComparison.Ordinal);
        return ($"{random.Pick(["Tell me a story", "Write a story", "Tell a short story"])} about {hero.Name}{what}.", text);
    }
}
