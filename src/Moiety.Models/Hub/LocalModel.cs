namespace Moiety.Models.Hub;

/// <summary>Finds a model on this machine by what a user calls it: a path, or a name on the hub that was pulled before.</summary>
public static class LocalModel
{
    /// <summary>The file or folder to open; a path as it is, whether something is there or not.</summary>
    /// <exception cref="InvalidInputException">The name is one of the hub, and the model was not pulled.</exception>
    public static string Find(string name) => FindOr(name, (hub, reference) => throw new InvalidInputException(
        $"{name}: there is no such file or folder, and no such model in {hub.Cache.Folder}. If it is a model of the hub: moiety pull {name}"));

    /// <summary>The same, with what is to be done about a model of the hub that was not pulled.</summary>
    public static string FindOr(string name, Func<HubClient, HubReference, string> otherwise)
    {
        ArgumentNullException.ThrowIfNull(otherwise);
        if (File.Exists(name) || Directory.Exists(name) || !HubReference.IsReference(name))
        {
            return name;
        }

        HubReference reference = HubReference.Parse(name);
        using HubClient hub = new(HubOptions.FromEnvironment());
        return hub.Find(reference) ?? otherwise(hub, reference);
    }
}
