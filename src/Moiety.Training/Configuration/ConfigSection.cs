using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Moiety.Models;

namespace Moiety.Training.Configuration;

/// <summary>
/// A JSON object that is read strictly: a wrong type, a value out of range and a key that nobody asked for are errors that name the
/// key's path, the value and what is allowed.
/// </summary>
internal sealed class ConfigSection
{
    private readonly string _file;
    private readonly string _path;
    private readonly JsonElement _element;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    internal ConfigSection(string file, string path, JsonElement element)
    {
        _file = file;
        _path = path;
        _element = element;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(path.Length == 0 ? "the file" : path, element, "an object");
        }
    }

    /// <summary>The file that is read.</summary>
    internal string File => _file;

    /// <summary>The integer under a key; <paramref name="fallback"/> when absent, an error when that is null too.</summary>
    internal long Integer(string key, long minimum, long maximum, long? fallback = null)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return fallback ?? throw Missing(key, $"an integer from {minimum} to {maximum}");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(PathOf(key), value, string.Create(CultureInfo.InvariantCulture, $"an integer from {minimum} to {maximum}"));
    }

    /// <summary>As <see cref="Integer"/>, in 32 bits.</summary>
    internal int Int32(string key, int minimum, int maximum, int? fallback = null) => (int)Integer(key, minimum, maximum, fallback);

    /// <summary>The integer under a key, or null when absent.</summary>
    internal long? OptionalInteger(string key, long minimum, long maximum) =>
        TryGet(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? Integer(key, minimum, maximum) : null;

    /// <summary>A list of integers, at least one.</summary>
    internal ImmutableArray<long> Integers(string key, long minimum, long maximum)
    {
        string allowed = string.Create(CultureInfo.InvariantCulture, $"a list of at least one integer from {minimum} to {maximum}");
        if (!TryGet(key, out JsonElement value))
        {
            throw Missing(key, allowed);
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) && number >= minimum && number <= maximum)
            ? [.. value.EnumerateArray().Select(item => item.GetInt64())]
            : throw Wrong(PathOf(key), value, allowed);
    }

    /// <summary>The number under a key.</summary>
    internal double Number(string key, double minimum, double maximum, double? fallback = null)
    {
        string allowed = string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}");
        if (!TryGet(key, out JsonElement value))
        {
            return fallback ?? throw Missing(key, allowed);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(PathOf(key), value, allowed);
    }

    /// <summary>The number under a key; null when absent or null.</summary>
    internal double? OptionalNumber(string key, double minimum, double maximum, double? fallback = null) =>
        !TryGet(key, out JsonElement value) ? fallback : value.ValueKind == JsonValueKind.Null ? null : Number(key, minimum, maximum);

    /// <summary>The boolean under a key.</summary>
    internal bool Boolean(string key, bool fallback) => !TryGet(key, out JsonElement value) ? fallback : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(PathOf(key), value, "true or false"),
    };

    /// <summary>The text under a key.</summary>
    internal string Text(string key, string? fallback = null)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return fallback ?? throw Missing(key, "a text");
        }

        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Wrong(PathOf(key), value, "a text that is not empty");
    }

    /// <summary>A text or a list of texts, at least one.</summary>
    internal string[] Texts(string key, string[]? fallback = null)
    {
        const string Allowed = "a text, or a list of texts";
        if (!TryGet(key, out JsonElement value))
        {
            return fallback ?? throw Missing(key, Allowed);
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return [Text(key)];
        }

        JsonElement[] items = [.. value.EnumerateArray()];
        return items.Length > 0 && items.All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Length > 0)
            ? [.. items.Select(item => item.GetString()!)]
            : throw Wrong(PathOf(key), value, Allowed);
    }

    /// <summary>One of several words.</summary>
    internal T Choice<T>(string key, IReadOnlyDictionary<string, T> choices, string fallback)
    {
        string allowed = string.Join(", ", choices.Keys.Order(StringComparer.Ordinal).Select(choice => $"\"{choice}\""));
        if (!TryGet(key, out JsonElement value))
        {
            return choices[fallback];
        }

        return value.ValueKind == JsonValueKind.String && choices.TryGetValue(value.GetString()!, out T? chosen)
            ? chosen
            : throw Wrong(PathOf(key), value, $"one of {allowed}");
    }

    /// <summary>An integer or one of several words.</summary>
    internal T IntegerOrChoice<T>(string key, long minimum, long maximum, Func<long, T> create, IReadOnlyDictionary<string, T> choices, string fallback)
    {
        string allowed = string.Create(
            CultureInfo.InvariantCulture, $"an integer from {minimum} to {maximum}, or {string.Join(" or ", choices.Keys.Order(StringComparer.Ordinal).Select(choice => $"\"{choice}\""))}");
        if (!TryGet(key, out JsonElement value))
        {
            return choices[fallback];
        }

        return value.ValueKind switch
        {
            JsonValueKind.String when choices.TryGetValue(value.GetString()!, out T? chosen) => chosen,
            JsonValueKind.Number when value.TryGetInt64(out long number) && number >= minimum && number <= maximum => create(number),
            _ => throw Wrong(PathOf(key), value, allowed),
        };
    }

    /// <summary>Whether a key is there; it counts as known from now on.</summary>
    internal bool Has(string key) => TryGet(key, out _);

    /// <summary>The object under a key; an empty one when it is absent and may be.</summary>
    internal ConfigSection Section(string key, bool required = false)
    {
        if (TryGet(key, out JsonElement value))
        {
            return new ConfigSection(_file, PathOf(key), value);
        }

        return required ? throw Missing(key, "an object") : Empty(key);
    }

    /// <summary>An object without keys, named as if it stood under a key.</summary>
    internal ConfigSection Empty(string key)
    {
        using JsonDocument empty = JsonDocument.Parse("{}");
        return new ConfigSection(_file, PathOf(key), empty.RootElement.Clone());
    }

    /// <summary>Whether an object stands under a key, for keys that may hold a word as well.</summary>
    internal bool IsObject(string key) => TryGet(key, out JsonElement value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>The objects in the list under a key, at least one.</summary>
    internal List<ConfigSection> List(string key)
    {
        const string Allowed = "a list of at least one object";
        if (!TryGet(key, out JsonElement value))
        {
            throw Missing(key, Allowed);
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? [.. value.EnumerateArray().Select((item, index) => new ConfigSection(_file, $"{PathOf(key)}[{index}]", item))]
            : throw Wrong(PathOf(key), value, Allowed);
    }

    /// <summary>Refuses every key that was not asked for.</summary>
    internal void RefuseOthers()
    {
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
            {
                throw new InvalidInputException(
                    $"{_file}: {PathOf(property.Name)}: unknown key; {(_path.Length == 0 ? "the file" : _path)} knows {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
            }
        }
    }

    /// <summary>An error about a key's value.</summary>
    internal InvalidInputException Refuse(string key, string reason) => new($"{_file}: {PathOf(key)}: {reason}");

    private bool TryGet(string key, out JsonElement value)
    {
        _known.Add(key);
        return _element.TryGetProperty(key, out value);
    }

    private string PathOf(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private InvalidInputException Missing(string key, string allowed) => new($"{_file}: {PathOf(key)}: missing; it must be {allowed}");

    private InvalidInputException Wrong(string path, JsonElement value, string allowed)
    {
        string shown = value.GetRawText();
        return new InvalidInputException($"{_file}: {path}: {(shown.Length > 80 ? shown[..80] + "…" : shown)} is not allowed; it must be {allowed}");
    }
}
