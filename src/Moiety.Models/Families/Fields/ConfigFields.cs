using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// A family's view of <c>config.json</c> that remembers what was asked for. What nobody asked for and what might change the computation
/// is refused by name, so that no setting is ever left out in silence.
/// </summary>
internal sealed class ConfigFields
{
    private readonly JsonField _json;
    private readonly string _family;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConfigFields> _parts = new(StringComparer.Ordinal);

    /// <summary>Starts with nothing read.</summary>
    /// <param name="json">The object.</param>
    /// <param name="family">Name of the family, for messages.</param>
    public ConfigFields(JsonField json, string family)
    {
        _json = json;
        _family = family;
    }

    /// <summary>The value of the first of the names that is there, or null.</summary>
    public JsonField? Find(params ReadOnlySpan<string> names)
    {
        JsonField? found = null;
        foreach (string name in names)
        {
            _read.Add(name);
            found ??= _json.Find(name);
        }

        return found;
    }

    /// <summary>Whether one of the names is there and not null.</summary>
    public bool Has(params ReadOnlySpan<string> names) => Find(names) is not null;

    /// <summary>Whether a name is there, be it null: null says that a setting is off, absence that it has its usual value.</summary>
    public bool States(string name)
    {
        _read.Add(name);
        return _json.Members().Any(member => member.Key == name);
    }

    /// <summary>An integer, or null when it is absent.</summary>
    public int? Int32(params ReadOnlySpan<string> names) => Find(names)?.Int32();

    /// <summary>An integer that must be there.</summary>
    public int RequiredInt32(params ReadOnlySpan<string> names) => Int32(names) ?? throw Error(names[0], "it is missing");

    /// <summary>A finite number, or null when it is absent.</summary>
    public float? Single(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            _read.Add(name);
        }

        foreach (string name in names)
        {
            if (_json.Single(name) is { } number)
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>A truth value, or null when it is absent.</summary>
    public bool? Boolean(params ReadOnlySpan<string> names) => Find(names)?.Boolean();

    /// <summary>A text, or null when it is absent.</summary>
    public string? Text(params ReadOnlySpan<string> names) => Find(names)?.Text();

    /// <summary>One integer or a list of them, or null when it is absent.</summary>
    public ImmutableArray<int>? Int32List(string name)
    {
        _read.Add(name);
        return _json.Int32List(name);
    }

    /// <summary>A list with a text for each of <paramref name="count"/>, or one for all; null when it is absent.</summary>
    public ImmutableArray<string>? TextPerItem(string name, int count)
    {
        _read.Add(name);
        return _json.TextPerItem(name, count);
    }

    /// <summary>A list with an integer for each of <paramref name="count"/>, or one for all; null when it is absent.</summary>
    public ImmutableArray<int>? Int32PerItem(string name, int count)
    {
        _read.Add(name);
        return _json.Int32PerItem(name, count);
    }

    /// <summary>A list with a truth value for each of <paramref name="count"/>, or one for all; null when it is absent.</summary>
    public ImmutableArray<bool>? BooleanPerItem(string name, int count)
    {
        _read.Add(name);
        return _json.BooleanPerItem(name, count);
    }

    /// <summary>A list with a number for each of <paramref name="count"/>, or one for all; null when it is absent.</summary>
    public ImmutableArray<float>? SinglePerItem(string name, int count)
    {
        _read.Add(name);
        return _json.SinglePerItem(name, count);
    }

    /// <summary>A list of numbers, or null when it is absent.</summary>
    public ImmutableArray<float>? SingleList(string name) => Find(name) is { } list ? [.. list.Items().Select(item => item.Single())] : null;

    /// <summary>A member that is an object, or null when it is absent. What remains unread in it is refused too.</summary>
    public ConfigFields? Object(string name)
    {
        _read.Add(name);
        if (!_parts.TryGetValue(name, out ConfigFields? part) && _json.Object(name) is { } member)
        {
            part = new ConfigFields(member, _family);
            _parts.Add(name, part);
        }

        return part;
    }

    /// <summary>Names that the family leaves out on purpose: they do not change what is computed.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            _read.Add(name);
        }
    }

    /// <summary>Checks a truth value that only has one computable setting; absent is fine.</summary>
    public void Expect(string name, bool expected)
    {
        if (Boolean(name) is { } found && found != expected)
        {
            throw Error(name, $"{(found ? "true" : "false")} is not supported for \"{_family}\"; {(expected ? "true" : "false")} is expected");
        }
    }

    /// <summary>Checks a number that only has one computable setting; absent is fine.</summary>
    public void Expect(string name, float expected)
    {
        if (Single(name) is { } found && found != expected)
        {
            throw Error(name, FormattableString.Invariant($"{found} is not supported for \"{_family}\"; {expected} is expected"));
        }
    }

    /// <summary>Checks a text that only has one computable setting; absent is fine.</summary>
    public void Expect(string name, string expected)
    {
        if (Text(name) is { } found && found != expected)
        {
            throw Error(name, $"\"{found}\" is not supported for \"{_family}\"; \"{expected}\" is expected");
        }
    }

    /// <summary>An error at a member.</summary>
    public InvalidCheckpointException Error(string name, string reason) => _json.Error(name, reason);

    /// <summary>Refuses what was not read, is set, and is not known to leave the computation alone.</summary>
    /// <exception cref="InvalidCheckpointException">There is such a field; the message names it.</exception>
    public void RefuseUnread()
    {
        foreach ((string name, JsonField value) in _json.Members())
        {
            if (!_read.Contains(name) && !value.IsUnset && !HarmlessFields.Contains(name))
            {
                throw Error(name, $"{value.Show()}: Moiety does not know what this setting of a \"{_family}\" model computes (if it computes nothing, remove it)");
            }
        }

        foreach (ConfigFields part in _parts.Values)
        {
            part.RefuseUnread();
        }
    }
}
