using Moiety.Data.Simulation;

namespace Moiety.Data.Almanac;

/// <summary>
/// The residents of the world's towns and the facts about them. The table depends on nothing but its length: every corpus tells the same
/// facts, whatever its seed, so that a model can learn them from one and be asked for them in another. A shorter table is the beginning of
/// a longer one.
/// </summary>
internal sealed class FactTable
{
    /// <summary>The most residents that there are different names for.</summary>
    internal static int Largest { get; } = FirstNames.Length * Gazetteer.FamilyNames.Length;

    private const ulong Seed = 0x616c6d616e6163;

    private readonly Resident[] _residents;

    /// <summary>The table of the first residents.</summary>
    /// <param name="count">How many, from 1 to <see cref="Largest"/>.</param>
    internal FactTable(int count)
    {
        int[] names = [.. Enumerable.Range(0, Largest)];
        new StoryRandom(Seed, 0).Shuffle<int>(names);
        _residents = [.. Enumerable.Range(0, count).Select(index => Draw(index, names[index]))];
    }

    /// <summary>The residents.</summary>
    internal IReadOnlyList<Resident> Residents => _residents;

    private static string[] FirstNames => [.. Lexicon.Girls, .. Lexicon.Boys];

    private static Resident Draw(int index, int name)
    {
        StoryRandom random = new(Seed, 1 + (ulong)index);
        (int first, int family) = Math.DivRem(name, Gazetteer.FamilyNames.Length);
        return new Resident(
            $"{FirstNames[first]} {Gazetteer.FamilyNames[family]}",
            random.Pick(Gazetteer.Towns), random.Pick(Gazetteer.Towns), random.Pick(Gazetteer.Works), random.Pick(Gazetteer.Animals), random.Pick(Gazetteer.Foods), random.Pick(Gazetteer.Colors));
    }
}
