using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>Layers as a user names them: a list, every n-th, or all.</summary>
internal static class LayerList
{
    private const string Every = "every ";

    /// <summary>Reads <c>1,3,5</c>, <c>every 2</c> or <c>all</c>.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="count">Layers of the model.</param>
    /// <returns>The layers, default for all.</returns>
    /// <exception cref="InvalidInputException">It is none of these.</exception>
    public static ImmutableArray<int> Read(string text, int count)
    {
        if (text == "all")
        {
            return default;
        }

        if (text.StartsWith(Every, StringComparison.Ordinal))
        {
            return int.TryParse(text[Every.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int step) && step > 0
                ? [.. Enumerable.Range(0, count).Where(layer => (layer + 1) % step == 0)]
                : throw new InvalidInputException($"--layers \"{text}\": a number of 1 or more must follow \"every\".");
        }

        return [.. text.Split(',').Select(part => int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? layer
            : throw new InvalidInputException($"--layers \"{text}\": \"{part}\" is no layer. Write a list such as 1,3,5, \"every 2\", or all.")).Distinct()];
    }
}
