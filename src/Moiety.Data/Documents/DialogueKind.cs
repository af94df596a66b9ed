using Moiety.Data.Narration;
using Moiety.Data.Questions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>Two people talk: a lost thing, a purchase, an invitation, a loan, the weather.</summary>
internal sealed class DialogueKind : DocumentKind
{
    private static readonly Frame Hello = Frame.Parse("{Hello|Hi|Good {morning|day}}, @B:v{!|.}");
    private static readonly Frame HelloBack = Frame.Parse("{Hello|Hi|Good {morning|day}}, @B:v{.|!}{ It is nice to see you.| How are you?| What can I do for you?|}");
    private static readonly Frame Fitness = Frame.Parse("{I am {fine|well|very well|a little tired}|I feel {great|good}}, thank you.");
    private static readonly Frame Glad = Frame.Parse("{I am glad to hear that|That is good|That is nice to hear}. {What can I do for you?|What is new?|What are you doing today?}");
    private static readonly Frame Goodbye = Frame.Parse("{Goodbye|Bye|See you soon|See you tomorrow}, @B:v{!|.}");
    private static readonly Frame Thanks = Frame.Parse("{Thank you|Thank you so much|Thanks}, @B:v{!|.}");
    private static readonly Frame Welcome = Frame.Parse("{You are welcome|Any time|No problem|I am happy to help}{!|.}");

    private static readonly Frame Lost = Frame.Parse("I {lost|have lost|cannot find} my @I:n. {Have you seen it?|Do you know where it is?|Can you help me?}");
    private static readonly Frame LostWhere = Frame.Parse("{Oh no!|I am sorry to hear that.|That is sad.} {Where did you have it last?|Where did you lose it?|Where did you play with it?}");
    private static readonly Frame LostThere = Frame.Parse("{I think|I know} I lost it @P:i.");
    private static readonly Frame LostFound = Frame.Parse("{Look|Let me look|I will look}! {It is|Here it is,} @D.");
    private static readonly Frame LostNotFound = Frame.Parse("{I looked|I have looked} @P:i, but {it is not there|I did not see it}. {I am sorry.|Let us look again tomorrow.}");

    private static readonly Frame WantToBuy = Frame.Parse("{{I would like|I want to buy} %a @I:n{, please|}.|{Can|May|Could} I {buy|have} %a @I:n{, please|}?}");
    private static readonly Frame Cost = Frame.Parse("{Of course.|Yes.|Sure.} {It costs|That is|That makes} @C.");
    private static readonly Frame Pays = Frame.Parse("{Here are|Here you are:|I have} @D.");
    private static readonly Frame Change = Frame.Parse("{Thank you.|Thanks.} {Here is your change:|You get back} @C.");
    private static readonly Frame NoChange = Frame.Parse("{Thank you.|Thanks.} {That is just right.|Have a nice day!}");
    private static readonly Frame TooDear = Frame.Parse("{Oh.|I see.} {I have only|I only have} @C:r. {That is not enough.|I will come back later.}");

    private static readonly Frame Invite = Frame.Parse("{{Do you want to|Would you like to} go to @P {today|this @D|with me}|Shall we go to @P {today|this @D|together}}?");
    private static readonly Frame Accept = Frame.Parse("{Yes, please|Yes, I would love to|That is a good idea|Sure}! {What can we do there?|What shall we take?|When do we go?}");
    private static readonly Frame Plan = Frame.Parse("We can {play|look around|have some fun}. {I will bring|Let us take} my @I:n.");
    private static readonly Frame Decline = Frame.Parse("{I am sorry|Sorry}, but I {cannot come|have no time}. I {have to|must} @T:b.");
    private static readonly Frame NextTime = Frame.Parse("{That is all right|No problem|I see}. {Maybe tomorrow|Another day, then|Let us go next week}.");

    private static readonly Frame AskLoan = Frame.Parse("{May|Can|Could} I {borrow|use} your @I:n{|, please}?");
    private static readonly Frame WhyLoan = Frame.Parse("{What do you need it for|Why do you need it}?");
    private static readonly Frame ForWork = Frame.Parse("I {want|need|have} to @T:b.");
    private static readonly Frame Lend = Frame.Parse("{Yes, of course|Sure|All right}. {Here it is|Here you are}. Please {bring it back|be careful with it}.");
    private static readonly Frame NoLoan = Frame.Parse("{I am sorry|Sorry}, but {I need it myself|it is broken|I gave it to a friend}.");

    private static readonly Frame AskWeather = Frame.Parse("{What is the weather like|How is the weather} {today|outside}?");
    private static readonly Frame TellWeather = Frame.Parse("It is {very |}@D{ today| outside|}.");
    private static readonly Frame TakeThing = Frame.Parse("{Then I will|I think I will|So I will} take my @I:n{ with me|}.");
    private static readonly Frame Fine = Frame.Parse("{Good idea|Yes, do that}! {Have fun|Have a nice walk|Take care}.");

    internal override string Name => "dialogue";

    internal override string Description => "two people talk, a line each";

    internal override int DefaultWeight => 2;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        World world = new(context.Random);
        Script script = new(world);
        List<StoryQuestion> questions = [];
        int topic = context.Random.Next(5);
        Person first = world.Child();
        Person second = topic == 1 ? world.Worker("the shopkeeper") : context.Random.Chance(30) ? world.Relative() : world.Child();
        WorldEvent greeting = world.Note(EventKind.Greet, first, second);
        WorldEvent back = world.Note(EventKind.Greet, second, first);
        script.Say(first, Hello, greeting);
        string answer = script.Say(second, HelloBack, back);
        if (answer.EndsWith("How are you?", StringComparison.Ordinal))
        {
            script.Say(first, Fitness, greeting);
            script.Say(second, Glad, back);
        }

        bool thankful = topic switch
        {
            0 => LostThing(script, first, second),
            1 => Purchase(script, first, second, questions),
            2 => Invitation(script, first, second),
            3 => Loan(script, first, second),
            _ => Weather(script, first, second),
        };
        if (thankful)
        {
            script.Say(first, Thanks, greeting);
            script.Say(second, Welcome, back);
        }

        if (context.Random.Chance(60))
        {
            script.Say(first, Goodbye, greeting);
            script.Say(second, Goodbye, back);
        }

        string text = script.ToString();
        return
        [
            new StoryDocument(context.Id, Name, questions.Count > 0 ? QuestionsKind.Append(text, questions) : text)
            {
                Events = EventWriter.Write(world.Events), Questions = questions,
            },
        ];
    }

    private static bool LostThing(Script script, Person first, Person second)
    {
        World world = script.World;
        Place place = script.Random.Pick(Lexicon.Outdoors);
        Thing thing = world.NewThing(Lexicon.Toys);
        world.Own(first, thing);
        first.At = place;
        second.At = place;
        WorldEvent lost = world.Lose(first, thing);
        script.Say(first, Lost, lost);
        script.Say(second, LostWhere, lost);
        script.Say(first, LostThere, lost);
        bool found = script.Random.Chance(70);
        WorldEvent end = found ? world.Find(second, thing, script.Random.Pick(place.Spots)) : world.Note(EventKind.SearchFail, second, thing: thing, place: place);
        script.Say(second, found ? LostFound : LostNotFound, end);
        return true;
    }

    private static bool Purchase(Script script, Person buyer, Person seller, List<StoryQuestion> questions)
    {
        World world = script.World;
        StoryRandom random = script.Random;
        Thing thing = world.NewThing(random.Chance(50) ? Lexicon.Toys : Lexicon.Possessions);
        int price = thing.Noun.Price;
        WorldEvent want = world.Note(EventKind.Want, buyer, seller, thing);
        script.Say(buyer, WantToBuy, want);
        bool enough = random.Chance(80);
        int paid = enough ? price + random.Next(5) : random.Next(price - 1) + 1;
        world.Purse(buyer, paid);
        if (!enough)
        {
            WorldEvent poor = world.Note(EventKind.CannotAfford, buyer, seller, thing, amount: price, rest: paid);
            script.Say(seller, Cost, poor);
            script.Say(buyer, TooDear, poor);
            return false;
        }

        WorldEvent bought = world.Buy(buyer, seller, thing, price);
        script.Say(seller, Cost, bought);
        script.Say(buyer, Pays, world.Note(EventKind.Pays, buyer, seller, amount: paid, detail: Numbers.Coins(paid)));
        int change = paid - price;
        WorldEvent end = world.Note(EventKind.Change, seller, buyer, amount: change);
        script.Say(seller, change > 0 ? Change : NoChange, end);
        if (random.Chance(50))
        {
            string answer = QuestionMaker.Capital(Numbers.Coins(price));
            string[] choices = [answer, .. Enumerable.Range(1, 10).Where(n => n != price).Select(n => QuestionMaker.Capital(Numbers.Coins(n)))];
            random.Shuffle<string>(choices.AsSpan(1));
            choices = choices[..4];
            random.Shuffle<string>(choices);
            questions.Add(new StoryQuestion($"How much did the {thing.Noun.Singular} cost?", answer, "price", choices));
        }

        return true;
    }

    private static bool Invitation(Script script, Person first, Person second)
    {
        World world = script.World;
        Place place = script.Random.Pick(Lexicon.Outdoors);
        WorldEvent invited = world.Note(EventKind.Invite, first, second, place: place, detail: script.Random.Pick(Lexicon.Times[..3]));
        script.Say(first, Invite, invited);
        if (script.Random.Chance(65))
        {
            script.Say(second, Accept, world.Note(EventKind.Agree, second, first));
            Thing thing = world.NewThing(Lexicon.Toys);
            script.Say(first, Plan, world.Own(first, thing));
        }
        else
        {
            script.Say(second, Decline, world.Note(EventKind.Refuse, second, first, work: script.Random.Pick(WorkFrames.Chores)));
            script.Say(first, NextTime, invited);
        }

        return false;
    }

    private static bool Loan(Script script, Person first, Person second)
    {
        World world = script.World;
        Thing thing = world.NewThing(Lexicon.Possessions);
        world.Own(second, thing);
        Frame chore = script.Random.Pick(WorkFrames.Chores);
        WorldEvent asked = world.Note(EventKind.Ask, first, second, thing, work: chore);
        script.Say(first, AskLoan, asked);
        if (script.Random.Chance(50))
        {
            script.Say(second, WhyLoan, asked);
            script.Say(first, ForWork, asked);
        }

        bool lent = script.Random.Chance(70);
        script.Say(second, lent ? Lend : NoLoan, lent ? world.Give(second, first, thing, EventKind.Borrow, forGood: false) : world.Note(EventKind.Refuse, second, first, thing));
        return lent;
    }

    private static bool Weather(Script script, Person first, Person second)
    {
        World world = script.World;
        WorldEvent scene = world.Note(EventKind.Scene, detail: script.Random.Pick(script.Random.Chance(50) ? Lexicon.DryWeathers : Lexicon.WetWeathers));
        script.Say(first, AskWeather, scene);
        script.Say(second, TellWeather, scene);
        Thing thing = scene.Detail is "rainy" or "stormy" ? world.NewThing(Lexicon.Umbrella) : world.NewThing(Lexicon.Possessions[..2]);
        WorldEvent own = world.Own(first, thing);
        script.Say(first, TakeThing, own);
        script.Say(second, Fine, own);
        return false;
    }
}
