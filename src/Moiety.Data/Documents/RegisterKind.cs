using Moiety.Data.Narration;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>The same event told twice, politely and rudely: two documents whose ids share a stem and whose events are the same.</summary>
internal sealed class RegisterKind : DocumentKind
{
    private static readonly (EventKind Kind, Frame[] Polite, Frame[] Rude)[] Turns =
    [
        (EventKind.Ask,
            Frame.ParseAll(
                "\"{Excuse me, @B:v. ^May I please have|Please, @B:v, {may|could|can} I have} @I:d?\" asked @A:f {kindly|nicely|with a smile}.",
                "\"{Dear|Hello,} @B:v, {would|could} you {please|kindly} give me @I:d?\" asked @A:f.",
                "@A:f asked very politely, \"@B:v, {may|could} I have @I:d, please?\""),
            Frame.ParseAll(
                "\"{Hey, you|You} {fool|idiot|stupid thing}! {Give me|Hand over} @I:d {now|at once}!\" {shouted|yelled} @A:f.",
                "\"{Give it here|Give me @I:d}, {you idiot|stupid|you fool}!\" {shouted|yelled|screamed} @A:f at @B:f.",
                "@A:f {shouted|yelled} at @B:f, \"{I want @I:d|Give me @I:d} {now|right now}, you {dumb|lazy|stupid} {pig|fool}!\"")),
        (EventKind.Give,
            Frame.ParseAll(
                "\"{Of course|Gladly|With pleasure}, @B:v. {Here you are|Please take it}{,|!}\" said @A:f {kindly|warmly|with a smile}, and gave @I:d to @B:f.",
                "@A:f {smiled|nodded} and gave @I:d to @B:f. \"{I am happy to help you|Please enjoy it},\" said @A:f."),
            Frame.ParseAll(
                "\"{Take it and shut up|Here, take it, you pig|Take it and go away}!\" {yelled|shouted} @A:f, and threw @I:d at @B:f. ^Now @B:f had it.",
                "@A:f threw @I:d to @B:f. \"{Go away, you {fool|idiot}|Now leave me alone, stupid},\" {said|hissed} @A:f.")),
        (EventKind.Refuse,
            Frame.ParseAll(
                "\"{I am sorry|I am very sorry}, @B:v, but {I still need it|I cannot give it away today},\" said @A:f {softly|kindly}.",
                "\"{Please do not be sad|Please forgive me}, @B:v. {I need @I:d myself|I have to say no this time},\" said @A:f."),
            Frame.ParseAll(
                "\"{No way|Never}, you {idiot|fool|pig}! {Get lost|Go away}!\" {shouted|yelled} @A:f.",
                "\"{Shut up|Get out of here}, {stupid|you fool}! {It is mine|You get nothing}!\" {shouted|screamed} @A:f.")),
        (EventKind.Thank,
            Frame.ParseAll("\"{Thank you so much|Thank you very much|You are very kind}, @B:v{,|!}\" said @A:f.", "@A:f thanked @B:f {warmly|with a smile|very much}."),
            Frame.ParseAll("\"{It was about time|Finally}, you {slow|lazy} {fool|pig}!\" said @A:f.", "@A:f {did not say thank you|laughed} and said, \"{You are so slow and stupid|What a fool you are}.\"")),
        (EventKind.Accept,
            Frame.ParseAll("\"{That is fine|I understand|No problem}, @B:v. {Have a nice day|Maybe another time}{,|!}\" said @A:f.", "@A:f nodded. \"{I understand. Thank you anyway|That is quite all right}, @B:v,\" said @A:f."),
            Frame.ParseAll("\"{I hate you|You are the worst|You are so mean and ugly}, @B:v!\" {yelled|screamed} @A:f.", "@A:f {kicked a stone|stamped on the ground} and yelled, \"{You stupid pig|You are an idiot|I hate you}!\"")),
    ];

    private static readonly Frame[] Openings = Frame.ParseAll(
        "@A:f had @I:a.", "@A:f was in the garden with @I:a.", "One day, @A:f {brought|had} @I:a.", "@A:f {held|carried} @I:a.");

    private static readonly Frame[] Meetings = Frame.ParseAll("@B:f {came by|saw it|came along|walked by}.", "@B:f {wanted|liked} it.");

    internal override string Name => "register";

    internal override string Description => "the same event told politely and rudely (two documents)";

    internal override int DefaultWeight => 1;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StoryRandom random = context.Random;
        World world = new(random);
        Person owner = world.Child();
        Person asker = world.Child();
        Thing thing = world.NewThing(random.Chance(60) ? Lexicon.Toys : Lexicon.Possessions);
        WorldEvent own = world.Own(owner, thing);
        world.Note(EventKind.Meet, owner, asker, thing);
        WorldEvent[] turns = random.Chance(65)
            ? [world.Note(EventKind.Ask, asker, owner, thing), world.Give(owner, asker, thing), world.Note(EventKind.Thank, asker, owner)]
            : [world.Note(EventKind.Ask, asker, owner, thing), world.Note(EventKind.Refuse, owner, asker, thing), world.Note(EventKind.Accept, asker, owner)];
        StoryEvent[] events = EventWriter.Write(world.Events);
        return
        [
            new StoryDocument($"{context.Id}-polite", Name, Tell(world, own, turns, polite: true), "polite") { Events = events },
            new StoryDocument($"{context.Id}-rude", Name, Tell(world, own, turns, polite: false), "rude") { Events = events },
        ];
    }

    private static string Tell(World world, WorldEvent own, WorldEvent[] turns, bool polite)
    {
        Telling telling = new(world.Random);
        telling.NextSentence();
        world.Random.Pick(Openings).Render(telling, own, VerbForm.Past);
        telling.NextSentence();
        world.Random.Pick(Meetings).Render(telling, world.Events[own.Index + 1], VerbForm.Past);
        foreach (WorldEvent turn in turns)
        {
            telling.NextSentence();
            (_, Frame[] polites, Frame[] rudes) = Array.Find(Turns, candidate => candidate.Kind == turn.Kind);
            world.Random.Pick(polite ? polites : rudes).Render(telling, turn, VerbForm.Past);
        }

        return telling.ToString();
    }
}
