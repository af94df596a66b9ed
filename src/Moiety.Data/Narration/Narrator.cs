using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>
/// Tells a list of events as sentences: it joins clauses of the same actor, links effects to their causes, and puts
/// time words in front, so that the same events read differently each time.
/// </summary>
internal sealed class Narrator(Telling telling)
{
    private static readonly string[] Openers = ["Then ", "Then, ", "Next, ", "After that, "];
    private static readonly string[] LaterOpeners = ["Then ", "Soon, ", "After that, ", "A little later, ", "Later, ", "After a while, "];
    private string _lastOpener = "";
    private int _sinceOpener = 2;

    private StoryRandom Random => telling.Random;

    /// <summary>Tells the events from the first on; some begin a paragraph.</summary>
    internal void Tell(IReadOnlyList<WorldEvent> events)
    {
        int at = 0;
        int inParagraph = 0;
        while (at < events.Count)
        {
            WorldEvent happened = events[at];
            bool paragraph = inParagraph >= 4 && StartsParagraph(happened.Kind) && Random.Chance(55);
            inParagraph = paragraph ? 0 : inParagraph + 1;
            telling.NextSentence(paragraph);
            WorldEvent? next = at + 1 < events.Count ? events[at + 1] : null;
            if (next is not null && TryJoin(happened, next))
            {
                at += 2;
                continue;
            }

            TellOne(happened);
            at++;
        }
    }

    private static bool StartsParagraph(EventKind kind) =>
        kind is EventKind.Move or EventKind.WeatherTurns or EventKind.AskWrong or EventKind.Lose or EventKind.End or EventKind.Lesson or EventKind.GoHome or EventKind.Stuck or EventKind.Break or EventKind.Visit;

    private void TellOne(WorldEvent happened)
    {
        EventFrames frames = EventFrames.For(happened.Kind);
        int clauses = frames.Clauses.Length;
        int sentences = frames.Sentences.Length;
        if (sentences > 0 && (clauses == 0 || Random.Next((clauses * 2) + (sentences * 3)) < sentences * 3))
        {
            Random.Pick(frames.Sentences).Render(telling, happened, VerbForm.Past);
            return;
        }

        Open(happened);
        Clause(happened, VerbForm.Past);
        telling.Append(".");
    }

    private void Open(WorldEvent happened)
    {
        _sinceOpener++;
        bool later = TakesTime(happened.Kind);
        if (happened.Index < 4 || _sinceOpener < 3 || !(later || FollowsAtOnce(happened.Kind)) || !Random.Chance(45))
        {
            return;
        }

        string opener = Random.Pick(later ? LaterOpeners : Openers);
        if (opener != _lastOpener)
        {
            telling.Append(opener);
            _lastOpener = opener;
            _sinceOpener = 0;
        }
    }

    private static bool TakesTime(EventKind kind) =>
        kind is EventKind.Move or EventKind.GoHome or EventKind.See or EventKind.Collect or EventKind.FindMore or EventKind.Eat or EventKind.Fix or EventKind.Visit or EventKind.Return;

    private static bool FollowsAtOnce(EventKind kind) =>
        kind is EventKind.Take or EventKind.Play or EventKind.Give or EventKind.GiveCount or EventKind.Buy or EventKind.BuyCount or EventKind.HelpTask or EventKind.Show
            or EventKind.FeedAnimal or EventKind.Reach or EventKind.Plant or EventKind.Find;

    /// <summary>Tells two events in one sentence where grammar and sense allow it.</summary>
    private bool TryJoin(WorldEvent first, WorldEvent second)
    {
        Frame[] before = EventFrames.For(first.Kind).Clauses;
        Frame[] after = EventFrames.For(second.Kind).Clauses;
        if (first.Kind == EventKind.Scene && second.Kind is EventKind.Move or EventKind.GoHome && Random.Chance(85))
        {
            telling.Append("One ");
            telling.Append(first.Detail);
            telling.Append(", ");
            Clause(second, VerbForm.Past);
            telling.Append(".");
            return true;
        }

        if (before.Length == 0 || after.Length == 0)
        {
            return false;
        }

        if (second.Cause == first && Random.Chance(70))
        {
            JoinCause(first, second);
            return true;
        }

        if (first.Actor == second.Actor && IsDeed(first.Kind) && IsDeed(second.Kind) && Random.Chance(50))
        {
            JoinDeeds(first, second);
            return true;
        }

        return false;
    }

    private static bool IsDeed(EventKind kind) =>
        kind is not (EventKind.Own or EventKind.Has or EventKind.OwnCount or EventKind.Purse or EventKind.Want or EventKind.Feel or EventKind.Afraid or EventKind.ReachFail
            or EventKind.Search or EventKind.FixFail or EventKind.Refuse or EventKind.Ask or EventKind.AskCount);

    private void JoinCause(WorldEvent cause, WorldEvent effect)
    {
        switch (Random.Next(4))
        {
            case 0:
                telling.Append("because ");
                Clause(cause, VerbForm.Past);
                telling.Append(", ");
                Clause(effect, VerbForm.Past);
                break;
            case 1:
                Clause(effect, VerbForm.Past);
                telling.Append(" because ");
                Clause(cause, VerbForm.Past);
                break;
            case 2:
                telling.Append("when ");
                Clause(cause, VerbForm.Past);
                telling.Append(", ");
                Clause(effect, VerbForm.Past);
                break;
            default:
                Clause(cause, VerbForm.Past);
                telling.Append(", so ");
                Clause(effect, VerbForm.Past);
                break;
        }

        telling.Append(".");
    }

    private void JoinDeeds(WorldEvent first, WorldEvent second)
    {
        switch (Random.Next(6))
        {
            case 0:
                telling.Append("after ");
                Predicate(first, VerbForm.Gerund);
                telling.Append(", ");
                Clause(second, VerbForm.Past);
                break;
            case 1:
                Clause(first, VerbForm.Past);
                telling.Append(telling.IsBound(first.Actor!) ? ", and then " : " and then ");
                if (telling.IsBound(first.Actor!))
                {
                    Clause(second, VerbForm.Past);
                }
                else
                {
                    Predicate(second, VerbForm.Past);
                }

                break;
            case 2 when second.Kind is EventKind.Eat or EventKind.GoHome && first.Kind is not (EventKind.Move or EventKind.GoHome or EventKind.Shelter):
                Clause(first, VerbForm.Past);
                telling.Append(" before ");
                Predicate(second, VerbForm.Gerund);
                break;
            default:
                Open(first);
                Clause(first, VerbForm.Past);
                telling.Append(Random.Chance(60) ? " and " : " and then ");
                Predicate(second, VerbForm.Past);
                break;
        }

        telling.Append(".");
    }

    private void Clause(WorldEvent happened, VerbForm form)
    {
        Reference.Render(telling, happened, 'A', '\0', form);
        telling.Append(" ");
        Predicate(happened, form);
    }

    private void Predicate(WorldEvent happened, VerbForm form) =>
        Random.Pick(EventFrames.For(happened.Kind).Clauses).Render(telling, happened, form);
}
