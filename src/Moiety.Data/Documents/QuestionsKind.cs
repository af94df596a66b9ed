using System.Text;
using Moiety.Data.Questions;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>A story with questions whose answers follow from it.</summary>
internal sealed class QuestionsKind : DocumentKind
{
    internal override string Name => "qa";

    internal override string Description => "a story with questions and their answers";

    internal override int DefaultWeight => 6;

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        (World world, string text) = StoryKind.Tell(context.Random);
        StoryQuestion[] questions = new QuestionMaker(world).Make(context.Random.Between(2, 4));
        return [new StoryDocument(context.Id, Name, Append(text, questions)) { Events = EventWriter.Write(world.Events), Questions = questions }];
    }

    /// <summary>The text, an empty line, and the questions with their answers, one block each.</summary>
    internal static string Append(string text, IReadOnlyList<StoryQuestion> questions)
    {
        StringBuilder all = new(text);
        all.Append('\n');
        foreach (StoryQuestion question in questions)
        {
            all.Append("\nQuestion: ").Append(question.Question).Append("\nAnswer: ").Append(question.Answer);
        }

        return all.ToString();
    }
}
