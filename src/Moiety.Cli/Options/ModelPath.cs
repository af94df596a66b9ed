using Moiety.Models;
using Moiety.Models.Hub;

namespace Moiety.Cli.Options;

/// <summary>What a user calls a model: a path, a name on the hub that was pulled before, or nothing for the embedded model.</summary>
internal static class ModelPath
{
    /// <summary>The file or folder to open.</summary>
    /// <exception cref="InvalidInputException">The name is one of the hub, and the model was not pulled.</exception>
    public static string Resolve(string? name)
    {
        if (name is null)
        {
            return EmbeddedModel.Path;
        }

        return FindOr(name, (hub, reference) => throw new InvalidInputException(
            $"{name}: there is no such file or folder, and no such model in {hub.Cache.Folder}. If it is a model of the hub: moiety pull {name}"));
    }

    /// <summary>A path as it is, a model that was pulled, or what is to be done about one that was not.</summary>
    public static string FindOr(string name, Func<HubClient, HubReference, string> otherwise)
    {
        if (File.Exists(name) || Directory.Exists(name) || !HubReference.IsReference(name))
        {
            return name;
        }

        HubReference reference = HubReference.Parse(name);
        using HubClient hub = new(HubOptions.FromEnvironment());
        return hub.Find(reference) ?? otherwise(hub, reference);
    }
}
