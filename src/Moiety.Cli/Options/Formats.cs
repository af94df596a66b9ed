using Moiety.Models;
using Moiety.Numerics.Formats;

namespace Moiety.Cli.Options;

/// <summary>Storage formats that weights can be put into, as users name them.</summary>
internal static class Formats
{
    /// <summary>The names, for help and errors.</summary>
    public static string Known => string.Join(", ", StorageFormats.Writable.Select(format => format.Name));

    /// <summary>The names of all that a file or a folder holds, for help and errors: some formats are written into folders only.</summary>
    public static string All => string.Join(", ", StorageFormats.All.Select(format => format.Name));

    /// <summary>Finds a format that a file or a folder holds by name, upper or lower case.</summary>
    /// <exception cref="InvalidInputException">There is no such format; the message lists those there are.</exception>
    public static StorageFormat AnyByName(string name) =>
        StorageFormats.All.FirstOrDefault(format => string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException($"there is no storage format \"{name}\"; known: {All}.");

    /// <summary>Finds a format by name, upper or lower case.</summary>
    /// <exception cref="InvalidInputException">There is no such format, or it is read only; the message lists the others.</exception>
    public static StorageFormat ByName(string name) =>
        StorageFormats.Writable.FirstOrDefault(format => string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException(StorageFormats.All.Any(format => string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase))
            ? $"weights can be read in the storage format \"{name}\" but not put into it; choose one of {Known}."
            : $"there is no storage format \"{name}\"; known: {Known}.");
}
