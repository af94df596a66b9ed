namespace Moiety.Data.Simulation;

/// <summary>What a noun is good for in the world.</summary>
internal enum NounClass
{
    Toy,
    Possession,
    Food,
    Nature,
    Animal,
}

/// <summary>A countable English noun with what the world needs to know about it.</summary>
/// <param name="Singular">One of them, without an article.</param>
/// <param name="Plural">Several of them.</param>
/// <param name="Class">What it is good for.</param>
/// <param name="Price">What one costs in coins.</param>
/// <param name="Adjectives">Words that fit before it.</param>
internal sealed record Noun(string Singular, string Plural, NounClass Class, int Price, string[] Adjectives)
{
    internal string For(int amount) => amount == 1 ? Singular : Plural;
}
