using Moiety.Models;
using Moiety.Models.Checkpoints;

namespace Moiety.Cli.Options;

/// <summary>Where a changed model is written.</summary>
internal static class ModelDestination
{
    /// <summary>The name that means nowhere: the model is only measured.</summary>
    public const string None = "-";

    /// <summary>Refuses to write a model over itself, before any work.</summary>
    /// <exception cref="InvalidInputException">The destination is the source.</exception>
    public static void Check(Checkpoint source, string destination)
    {
        if (Path.GetFullPath(Path.TrimEndingDirectorySeparator(source.Path)) == Path.GetFullPath(Path.TrimEndingDirectorySeparator(destination)))
        {
            throw new InvalidInputException($"{destination}: the destination is the source. Give another name.");
        }
    }
}
