namespace Moiety.Data.Simulation;

/// <summary>A place where people and things can be.</summary>
/// <param name="Name">The noun, without the article <c>the</c>.</param>
/// <param name="In">The preposition for being there: in, at, on, by.</param>
/// <param name="Outdoor">Whether rain falls on it.</param>
/// <param name="Spots">Where small things lie there.</param>
internal sealed record Place(string Name, string In, bool Outdoor, string[] Spots)
{
    internal string The { get; } = $"the {Name}";

    internal string InThe { get; } = $"{In} the {Name}";

    public override string ToString() => Name;
}
