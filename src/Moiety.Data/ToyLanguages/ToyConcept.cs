namespace Moiety.Data.ToyLanguages;

/// <summary>The part of speech of a concept.</summary>
internal enum ToyClass
{
    Feminine,
    Masculine,
    Animal,
    Object,
    Place,
    Adjective,
    Intransitive,
    Motion,
    Transitive,
    Ditransitive,
}

/// <summary>A meaning that English and every toy language have a word for.</summary>
/// <param name="Name">The English base form, which names the concept.</param>
/// <param name="Other">The English plural of a noun, past tense of a verb, or preposition of a place.</param>
/// <param name="Class">The part of speech.</param>
internal sealed record ToyConcept(string Name, string Other, ToyClass Class)
{
    internal static ToyConcept[] All { get; } =
    [
        new("girl", "girls", ToyClass.Feminine), new("woman", "women", ToyClass.Feminine), new("queen", "queens", ToyClass.Feminine), new("sister", "sisters", ToyClass.Feminine),
        new("boy", "boys", ToyClass.Masculine), new("man", "men", ToyClass.Masculine), new("king", "kings", ToyClass.Masculine), new("brother", "brothers", ToyClass.Masculine),
        new("dog", "dogs", ToyClass.Animal), new("cat", "cats", ToyClass.Animal), new("bird", "birds", ToyClass.Animal), new("horse", "horses", ToyClass.Animal),
        new("apple", "apples", ToyClass.Object), new("ball", "balls", ToyClass.Object), new("book", "books", ToyClass.Object), new("stone", "stones", ToyClass.Object),
        new("flower", "flowers", ToyClass.Object), new("cup", "cups", ToyClass.Object), new("egg", "eggs", ToyClass.Object), new("hat", "hats", ToyClass.Object),
        new("forest", "in", ToyClass.Place), new("garden", "in", ToyClass.Place), new("market", "at", ToyClass.Place), new("river", "by", ToyClass.Place),
        new("house", "in", ToyClass.Place), new("hill", "on", ToyClass.Place),
        new("big", "", ToyClass.Adjective), new("small", "", ToyClass.Adjective), new("red", "", ToyClass.Adjective), new("old", "", ToyClass.Adjective),
        new("good", "", ToyClass.Adjective), new("white", "", ToyClass.Adjective),
        new("sleep", "slept", ToyClass.Intransitive), new("sing", "sang", ToyClass.Intransitive), new("sit", "sat", ToyClass.Intransitive), new("wait", "waited", ToyClass.Intransitive),
        new("go", "went", ToyClass.Motion), new("run", "ran", ToyClass.Motion),
        new("see", "saw", ToyClass.Transitive), new("take", "took", ToyClass.Transitive), new("find", "found", ToyClass.Transitive), new("carry", "carried", ToyClass.Transitive),
        new("want", "wanted", ToyClass.Transitive), new("lose", "lost", ToyClass.Transitive),
        new("give", "gave", ToyClass.Ditransitive), new("show", "showed", ToyClass.Ditransitive), new("bring", "brought", ToyClass.Ditransitive),
    ];

    internal static ToyConcept[] Of(params ToyClass[] classes) => Array.FindAll(All, concept => classes.Contains(concept.Class));
}
