namespace Moiety.Cli.Shell;

/// <summary>An example of a command line.</summary>
/// <param name="Purpose">What it gives.</param>
/// <param name="CommandLine">What to type.</param>
internal sealed record Example(string Purpose, string CommandLine);
