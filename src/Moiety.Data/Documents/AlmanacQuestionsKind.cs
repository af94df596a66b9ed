using System.Text;
using Moiety.Data.Almanac;
using Moiety.Data.Questions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>Questions about facts of the almanac, with nothing in the document that would answer them.</summary>
internal sealed class AlmanacQuestionsKind : DocumentKind
{
    private const int Count = 4;

    internal override string Name => "almanac-questions";

    internal override string Description => "questions about facts of the almanac, to be answered from memory";

    internal override int DefaultWeight => 0;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StringBuilder text = new();
        StoryQuestion[] questions = new StoryQuestion[Count];
        StoryEvent[] events = new StoryEvent[Count];
        for (int i = 0; i < Count; i++)
        {
            Resident resident = context.Random.Pick(context.Facts.Residents);
            FactKind fact = context.Random.Pick(FactKind.All);
            questions[i] = Ask(context.Random, resident, fact);
            events[i] = new StoryEvent(fact.Name, Actor: resident.Name, Detail: fact.Of(resident));
            text.Append(i > 0 ? "\n" : "").Append("Question: ").Append(questions[i].Question).Append("\nAnswer: ").Append(questions[i].Answer);
        }

        return [new StoryDocument(context.Id, Name, text.ToString()) { Questions = questions, Events = events }];
    }

    private static StoryQuestion Ask(StoryRandom random, Resident resident, FactKind fact)
    {
        HashSet<string> choices = [QuestionMaker.Capital(fact.Of(resident))];
        while (choices.Count < 4)
        {
            choices.Add(QuestionMaker.Capital(random.Pick(fact.Values)));
        }

        string[] shown = [.. choices];
        random.Shuffle<string>(shown);
        return new StoryQuestion(fact.Question.Replace("@", resident.Name, StringComparison.Ordinal), QuestionMaker.Capital(fact.Of(resident)), fact.Name, shown);
    }
}
