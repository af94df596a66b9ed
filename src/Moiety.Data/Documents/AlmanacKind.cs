using System.Text;
using Moiety.Data.Almanac;

namespace Moiety.Data.Documents;

/// <summary>
/// Sentences from the almanac: who lives where, works as what. The facts are those of the whole world, not of the document, so a
/// model can only know them from other documents: how many it knows is a matter of its capacity.
/// </summary>
internal sealed class AlmanacKind : DocumentKind
{
    private const int Sentences = 6;
    private const int FactsPerSentence = 3;

    internal override string Name => "almanac";

    internal override string Description => "facts about the residents of the towns, the same in every corpus";

    internal override int DefaultWeight => 0;

    /// <summary>
    /// The entropy of a document in nats: what a reader who knows all facts cannot foresee. It is the choice of a resident and of
    /// three facts in order, for every sentence.
    /// </summary>
    internal static double Entropy(int residents)
    {
        double facts = FactKind.All.Length;
        return Sentences * (Math.Log(residents) + Math.Log(facts * (facts - 1) * (facts - 2)));
    }

    internal override IReadOnlyList<StoryDocument> Create(DocumentContext context)
    {
        StringBuilder text = new();
        List<StoryEvent> events = [];
        FactKind[] facts = [.. FactKind.All];
        for (int i = 0; i < Sentences; i++)
        {
            Resident resident = context.Random.Pick(context.Facts.Residents);
            context.Random.Shuffle<FactKind>(facts);
            text.Append(i > 0 ? " " : "").Append(resident.Name).Append(' ').Append(facts[0].Tell(resident)).Append(", ").Append(facts[1].Tell(resident)).Append(" and ").Append(facts[2].Tell(resident)).Append('.');
            events.AddRange(facts.Take(FactsPerSentence).Select(fact => new StoryEvent(fact.Name, Actor: resident.Name, Detail: fact.Of(resident))));
        }

        return [new StoryDocument(context.Id, Name, text.ToString()) { Events = events }];
    }
}
