using System.Reflection;
using Moiety.Experiments.Definitions;
using Moiety.Models;

namespace Moiety.Experiments;

/// <summary>The experiments that Moiety carries: the files in <c>recipes/experiments</c>, which are part of this library.</summary>
public static class ExperimentCatalog
{
    private const string Extension = ".json";

    private static readonly Assembly Library = typeof(ExperimentCatalog).Assembly;

    /// <summary>Their names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Library.GetManifestResourceNames()
            .Where(name => name.EndsWith(Extension, StringComparison.Ordinal))
            .Select(name => name[..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Opens an experiment by name, or from a file whose path ends in <c>.json</c>.</summary>
    /// <param name="nameOrPath">The name or path.</param>
    /// <param name="large">Whether to open the larger variant.</param>
    /// <exception cref="InvalidInputException">There is no such experiment, in which case the message lists the known ones, or the file is wrong.</exception>
    public static Experiment Open(string nameOrPath, bool large = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        if (nameOrPath.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            return ExperimentReader.Read(nameOrPath, large);
        }

        if (!Names.Contains(nameOrPath))
        {
            throw new InvalidInputException($"there is no experiment \"{nameOrPath}\"; there are: {string.Join(", ", Names)}. A file of your own is given as PATH{Extension}.");
        }

        using StreamReader reader = new(Library.GetManifestResourceStream(nameOrPath + Extension)!);
        return ExperimentReader.Parse(reader.ReadToEnd(), nameOrPath, nameOrPath + Extension, large);
    }
}
