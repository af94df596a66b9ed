namespace Moiety.Data.Almanac;

/// <summary>One of the facts about every resident: how a sentence tells it and how a question asks for it.</summary>
/// <param name="Name">The kind of its questions and events.</param>
/// <param name="Values">What it can be.</param>
/// <param name="Of">The fact about a resident, one of <paramref name="Values"/>.</param>
/// <param name="Before">The words before it in a sentence whose subject is the resident.</param>
/// <param name="Question">The question, with <c>@</c> where the name stands.</param>
internal sealed record FactKind(string Name, string[] Values, Func<Resident, string> Of, string Before, string Question)
{
    /// <summary>Every fact, in the order in which they are drawn for a resident.</summary>
    internal static FactKind[] All { get; } =
    [
        new("birthplace", Gazetteer.Towns, resident => resident.Birthplace, "was born in ", "Where was @ born?"),
        new("home", Gazetteer.Towns, resident => resident.Home, "lives in ", "Where does @ live?"),
        new("work", Gazetteer.Works, resident => resident.Work, "works as a ", "What does @ work as?"),
        new("animal", Gazetteer.Animals, resident => resident.Animal, "has a ", "What animal does @ have?"),
        new("favorite-food", Gazetteer.Foods, resident => resident.Food, "likes ", "What does @ like to eat?"),
        new("color", Gazetteer.Colors, resident => resident.Color, "wears ", "What color does @ wear?"),
    ];

    /// <summary>The fact as the end of a sentence: <c>lives in Ashby</c>.</summary>
    internal string Tell(Resident resident) => Before + Of(resident);
}
