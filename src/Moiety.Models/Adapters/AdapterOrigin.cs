using System.Text.RegularExpressions;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Adapters;

/// <summary>
/// Whether an adapter was made for a model, as far as both say where they come from: shapes alone do not tell models of one size apart.
/// </summary>
internal static partial class AdapterOrigin
{
    /// <summary>Checks the names.</summary>
    /// <param name="path">The adapter, for messages.</param>
    /// <param name="baseModel">What the adapter calls its model: a name on the hub, its address, a path; or null.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InvalidInputException">Both have a name on the hub, and they differ.</exception>
    public static void Check(string path, string? baseModel, Checkpoint model)
    {
        string? wanted = HubName(baseModel);
        string? found = CachedName(model.Path);
        if (wanted is not null && found is not null && !string.Equals(wanted, found, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidInputException($"{path}: the adapter was made for {wanted}, the model is {found}. Take an adapter for this model.");
        }
    }

    /// <summary>What an adapter calls its model: the name on the hub of one that was pulled, and otherwise its path.</summary>
    public static string NameOf(string path) => CachedName(path) ?? path;

    private static string? CachedName(string path)
    {
        Match cached = CachedModel().Match(path.Replace('\\', '/'));
        return cached.Success ? $"{cached.Groups[1].Value}/{cached.Groups[2].Value}" : null;
    }

    private static string? HubName(string? text)
    {
        string? name = text is not null && Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address.AbsolutePath.Trim('/') : text;
        return name is not null && HubModelName().IsMatch(name) ? name : null;
    }

    [GeneratedRegex(@"/models--([^/]+?)--([^/]+)/snapshots/[^/]*(/[^/]*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex CachedModel();

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex HubModelName();
}
