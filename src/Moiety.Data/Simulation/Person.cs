namespace Moiety.Data.Simulation;

/// <summary>The pronouns that a person goes by.</summary>
internal enum Gender
{
    She,
    He,
}

/// <summary>The part that a person plays in a story.</summary>
internal enum Role
{
    Child,
    Family,
    Worker,
}

/// <summary>Somebody in the world: name, pronouns, trait, and what the person has and where the person is now.</summary>
internal sealed class Person(string name, Gender gender, Role role)
{
    internal string Name { get; } = name;

    internal Gender Gender { get; } = gender;

    internal Role Role { get; } = role;

    internal string Trait { get; set; } = "";

    internal Place? At { get; set; }

    internal int Coins { get; set; }

    internal Dictionary<Noun, int> Counts { get; } = [];

    internal bool Wet { get; set; }

    internal int CountOf(Noun noun) => Counts.GetValueOrDefault(noun);

    /// <summary>How others call the person to their face.</summary>
    internal string Vocative => Role != Role.Worker ? Name : Gender == Gender.She ? "madam" : "sir";

    internal string Kin => Role == Role.Child ? (Gender == Gender.She ? "girl" : "boy") : Gender == Gender.She ? "woman" : "man";

    public override string ToString() => Name;
}
