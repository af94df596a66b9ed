using Moiety.Models;
using Moiety.Numerics.Formats;

namespace Moiety.Cli.Options;

/// <summary>Storage formats as users name them.</summary>
internal static class Formats
{
    /// <summary>The names, for help and errors.</summary>
    public static string Known => string.Join(", ", StorageFormats.All.Select(format => format.Name));

    /// <summary>Finds a format by name, upper or lower case.</summary>
    /// <exception cref="InvalidInputException">There is no such format; the message lists the known ones.</exception>
    public static StorageFormat ByName(string name) =>
        StorageFormats.All.FirstOrDefault(format => string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException($"there is no storage format \"{name}\"; known: {Known}.");
}
