using Moiety.Models;
using Moiety.Models.Hub;

namespace Moiety.Cli.Options;

/// <summary>What a user calls a model: a path, a name on the hub that was pulled before, or nothing for the embedded model.</summary>
internal static class ModelPath
{
    /// <summary>The embedded model where a model must be named; a file or folder of this name comes first.</summary>
    public const string Embedded = "embedded";

    /// <summary>The file or folder to open.</summary>
    /// <exception cref="InvalidInputException">The name is one of the hub, and the model was not pulled.</exception>
    public static string Resolve(string? name) =>
        name is null || (name == Embedded && !File.Exists(name) && !Directory.Exists(name)) ? EmbeddedModel.Path : LocalModel.Find(name);
}
