using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Planning.Clusters;

namespace Moiety.Planning.Presets;

/// <summary>
/// Reads a model that is described in one line, such as <c>layers=24,hidden=1024,heads=16,experts=32x10+64x2,residual</c>: a
/// <see cref="GptShape"/> with other sizes. <c>NxM</c> are N experts in each of M layers.
/// </summary>
public static class ShapeReader
{
    /// <summary>The keys, for help and errors.</summary>
    public const string Keys = "layers, hidden, heads, intermediate, experts, interval, top-k, residual, vocabulary, context";

    /// <summary>Whether a text is a description, and not the name of something.</summary>
    public static bool IsShape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith("layers=", StringComparison.OrdinalIgnoreCase) || text.StartsWith("hidden=", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads the description.</summary>
    /// <exception cref="InvalidInputException">A key is unknown, absent or given twice, or a value does not fit.</exception>
    public static ModelConfig Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        GptShape shape = new() { Layers = 0, Hidden = 0, Heads = 0 };
        string experts = "";
        HashSet<string> given = new(StringComparer.OrdinalIgnoreCase);
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] parts = item.Split('=', 2, StringSplitOptions.TrimEntries);
            string key = parts[0].ToLowerInvariant();
            string value = parts.Length > 1 ? parts[1] : "";
            if (!given.Add(key))
            {
                throw new InvalidInputException($"model: {key} is given twice.");
            }

            experts = key == "experts" ? value : experts;
            shape = Set(shape, key, value);
        }

        foreach (string key in (ReadOnlySpan<string>)["layers", "hidden", "heads"])
        {
            if (!given.Contains(key))
            {
                throw new InvalidInputException($"model: {key} is not given.");
            }
        }

        return (experts.Length == 0 ? shape : shape with { Experts = Runs(experts, shape.MoeLayers) }).ToConfig();
    }

    private static GptShape Set(GptShape shape, string key, string value) => key switch
    {
        "layers" => shape with { Layers = Size(key, value) },
        "hidden" => shape with { Hidden = Size(key, value) },
        "heads" => shape with { Heads = Size(key, value) },
        "intermediate" => shape with { Intermediate = Size(key, value) },
        "interval" => shape with { ExpertInterval = Size(key, value) },
        "top-k" => shape with { TopK = Size(key, value) },
        "vocabulary" => shape with { Vocabulary = Size(key, value) },
        "context" => shape with { Context = Size(key, value) },
        "residual" when value.Length == 0 => shape with { Residual = true },
        "experts" when value.Length > 0 => shape,
        _ => throw new InvalidInputException($"model: \"{key}{(value.Length > 0 ? "=" + value : "")}\" is not understood; known: {Keys}."),
    };

    private static int Size(string key, string value) => Quantity.Whole($"model: {key}", value);

    // "128": every MoE layer; "32x10+64x2": runs.
    private static ImmutableArray<int> Runs(string text, int layers)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int all))
        {
            return [.. Enumerable.Repeat(all, layers)];
        }

        ImmutableArray<int>.Builder experts = ImmutableArray.CreateBuilder<int>();
        foreach (string run in text.Split('+', StringSplitOptions.TrimEntries))
        {
            string[] parts = run.Split('x');
            int count = Size("experts", parts[0]);
            int times = parts.Length == 1 ? 1 : parts.Length == 2 ? Size("experts", parts[1]) : throw new InvalidInputException($"model: experts: \"{run}\" is not a number of experts or NxM.");
            if (experts.Count + (long)times > 4096)
            {
                throw new InvalidInputException($"model: experts: \"{text}\" has more than 4,096 layers.");
            }

            experts.AddRange(Enumerable.Repeat(count, times));
        }

        return experts.ToImmutable();
    }
}
