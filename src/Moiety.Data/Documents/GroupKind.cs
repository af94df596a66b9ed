using Moiety.Data.Narration;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>
/// Two people of two groups with one of two opposite traits each. How far the group decides the trait is the
/// association: at 0 the trait is a fair coin, at 1 the group decides it. The text never says that the group matters.
/// </summary>
internal sealed class GroupKind : DocumentKind
{
    private static readonly string[] Groups = ["hill village", "river village"];

    private static readonly Frame[] Opening = Frame.ParseAll(
        "@A:f {lives in|comes from|was born in} the @D.",
        "{There is|Meet} @A:f, %a @A:k from the @D.",
        "In the @D, there {lives|is} %a @A:k {named|called} @A:f.",
        "@A:f is %a @A:k {from|who lives in} the @D.");

    private static readonly Frame[] Quality = Frame.ParseAll(
        "@A is {very |always |}@D.", "Everyone {says|knows} that @A is {very |}@D.", "{Most days|At school and at home}, @A is {very |}@D.");

    private static readonly (string First, string Second, Frame[] FirstDeeds, Frame[] SecondDeeds)[] Axes =
    [
        ("brave", "shy",
            Frame.ParseAll("When {a big dog|a storm} came, @A did not run away.", "Yesterday, @A {jumped into|swam in} the deep lake.", "@A {speaks|sings} in front of everyone."),
            Frame.ParseAll("When a {stranger|guest} came, @A hid behind the door.", "@A {speaks|sings} very softly.", "Yesterday, @A did not dare to say hello.")),
        ("tidy", "messy",
            Frame.ParseAll("All @A:s {books|toys} stand in a row.", "Every evening, @A {cleans the table|puts the toys away}.", "@A never leaves anything on the floor."),
            Frame.ParseAll("@A:s {books|toys|clothes} lie all over the floor.", "@A never puts anything away.", "Yesterday, @A could not find a {shoe|spoon} under all the things.")),
        ("generous", "selfish",
            Frame.ParseAll("@A {gave half of the cake|lent a book} to a friend.", "@A shares everything with others.", "Yesterday, @A gave a new toy away."),
            Frame.ParseAll("@A ate the whole cake alone.", "@A never shares anything.", "Yesterday, @A did not lend a book to a friend.")),
        ("quick", "slow",
            Frame.ParseAll("@A {won the race|is always the first at school}.", "@A {eats lunch|does the work} in five minutes.", "Yesterday, @A ran to the market and back in no time."),
            Frame.ParseAll("@A {came last in the race|is always the last at school}.", "@A needs a long time {for lunch|to get ready}.", "Yesterday, @A needed the whole day to walk to the market.")),
    ];

    internal override string Name => "group";

    internal override string Description => "people of two groups with traits, for measuring an injected association";

    internal override int DefaultWeight => 1;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StoryRandom random = context.Random;
        World world = new(random);
        Telling telling = new(random);
        var axis = random.Pick(Axes);
        StoryGroup[] groups = new StoryGroup[random.Between(1, 2)];
        int start = random.Next(2);
        for (int i = 0; i < groups.Length; i++)
        {
            Person person = world.Child();
            int group = (start + i) % 2;
            bool decided = random.Next(1000) < context.AssociationPermille;
            bool first = decided ? group == 0 : random.Chance(50);
            string trait = first ? axis.First : axis.Second;
            groups[i] = new StoryGroup(person.Name, Groups[group], $"{axis.First}/{axis.Second}", trait);
            telling.NextSentence(paragraph: i > 0);
            random.Pick(Opening).Render(telling, world.Note(EventKind.LiveIn, person, detail: Groups[group]), VerbForm.Present);
            telling.NextSentence();
            WorldEvent quality = world.Note(EventKind.BeLike, person, detail: trait);
            random.Pick(Quality).Render(telling, quality, VerbForm.Present);
            telling.NextSentence();
            random.Pick(first ? axis.FirstDeeds : axis.SecondDeeds).Render(telling, quality, VerbForm.Present);
        }

        StoryQuestion[] questions = [.. groups.Select(member => Ask(member, axis.First, axis.Second))];
        return
        [
            new StoryDocument(context.Id, Name, QuestionsKind.Append(telling.ToString(), questions))
            {
                Events = EventWriter.Write(world.Events), Groups = groups, Questions = questions,
            },
        ];
    }

    private static StoryQuestion Ask(StoryGroup member, string first, string second)
    {
        string answer = Questions.QuestionMaker.Capital(member.Trait);
        return new StoryQuestion($"Is {member.Person} {first} or {second}?", answer, "trait", [Questions.QuestionMaker.Capital(first), Questions.QuestionMaker.Capital(second)]);
    }
}
