using System.Collections.Immutable;
using System.CommandLine;

namespace Moiety.Cli.Shell;

/// <summary>A command with examples, which its help shows below the options.</summary>
internal sealed class Verb : Command
{
    /// <summary>Creates a verb.</summary>
    /// <param name="name">What the user types.</param>
    /// <param name="description">What it does.</param>
    /// <param name="examples">Command lines that work, each with a comment that says what it gives.</param>
    public Verb(string name, string description, params ImmutableArray<Example> examples) : base(name, description) => Examples = examples;

    /// <summary>Command lines that work.</summary>
    public ImmutableArray<Example> Examples { get; }
}
