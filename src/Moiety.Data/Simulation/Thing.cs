namespace Moiety.Data.Simulation;

/// <summary>A single thing that somebody has, or that lies at a place; a story holds one thing of a noun at most.</summary>
internal sealed class Thing(Noun noun, string adjective)
{
    internal Noun Noun { get; } = noun;

    internal string Adjective { get; } = adjective;

    internal Person? Owner { get; set; }

    internal Person? Holder { get; set; }

    internal Place? At { get; set; }

    internal bool Broken { get; set; }

    internal string Name { get; } = $"{adjective} {noun.Singular}";

    public override string ToString() => Name;
}
