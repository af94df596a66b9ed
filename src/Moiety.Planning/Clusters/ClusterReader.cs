using System.Text.Json;
using Moiety.Models;

namespace Moiety.Planning.Clusters;

/// <summary>
/// Reads a cluster from what a user gives: a preset (<c>a100-80g</c>), a preset with other figures (<c>a100-80g,devices=128</c>), figures
/// alone (<c>devices=4,per-node=1,memory=64GB,…</c>), or a JSON file with the same keys and, optionally, <c>preset</c> and <c>name</c>.
/// </summary>
public static class ClusterReader
{
    private const int MaxFileBytes = 1 << 20;

    /// <summary>Reads and checks a cluster.</summary>
    /// <param name="text">What the user gave.</param>
    /// <exception cref="InvalidInputException">A key is unknown or given twice, or a value does not fit; the message names it.</exception>
    public static Cluster Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Cluster cluster = text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? FromFile(text) : FromText(text);
        cluster.Validate();
        return cluster;
    }

    private static Cluster FromText(string text)
    {
        Cluster? cluster = null;
        HashSet<string> given = new(StringComparer.OrdinalIgnoreCase);
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                cluster = cluster is null
                    ? Preset(item)
                    : throw new InvalidInputException($"--cluster: \"{item}\" is neither key=value nor the first thing; a preset comes first.");
                continue;
            }

            string key = item[..equals].Trim();
            if (!given.Add(key))
            {
                throw new InvalidInputException($"--cluster: {key} is given twice.");
            }

            cluster = ClusterField.ByName(key).Set(cluster ?? Blank("cluster"), item[(equals + 1)..]);
        }

        return cluster!;
    }

    private static Cluster FromFile(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw new InvalidInputException($"{path}: there is no such file.");
        }

        if (file.Length > MaxFileBytes)
        {
            throw new InvalidInputException($"{path}: {file.Length:#,0} bytes are no description of a cluster.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return FromJson(path, document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException($"{path}: it is not JSON: {exception.Message}", exception);
        }
    }

    private static Cluster FromJson(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidInputException($"{path}: it is not a JSON object.");
        }

        Cluster cluster = root.TryGetProperty("preset", out JsonElement preset) ? Preset(Text(path, "preset", preset)) : Blank(Path.GetFileNameWithoutExtension(path));
        HashSet<string> given = new(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!given.Add(property.Name))
            {
                throw new InvalidInputException($"{path}: {property.Name} is given twice.");
            }

            string value = Text(path, property.Name, property.Value);
            try
            {
                cluster = property.Name switch
                {
                    "preset" => cluster,
                    "name" => cluster with { Name = value },
                    _ => ClusterField.ByName(property.Name).Set(cluster, value),
                };
            }
            catch (InvalidInputException exception)
            {
                throw new InvalidInputException($"{path}: {exception.Message}", exception);
            }
        }

        return cluster;
    }

    private static string Text(string path, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw new InvalidInputException($"{path}: {name} is neither a number nor a text."),
    };

    private static Cluster Preset(string name) =>
        string.Equals(name, ThisMachine.Name, StringComparison.OrdinalIgnoreCase) ? ThisMachine.Measure() : ClusterPresets.ByName(name);

    private static Cluster Blank(string name) => new() { Name = name, Devices = 1, DevicesPerNode = 1, MemoryBytes = 0, MemoryBandwidth = 0 };
}
