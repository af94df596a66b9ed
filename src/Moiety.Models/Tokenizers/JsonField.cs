using System.Text.Json;

namespace Moiety.Models.Tokenizers;

/// <summary>A value in a JSON file that somebody else wrote, with its place in the file, so that errors can name it.</summary>
internal readonly struct JsonField
{
    private readonly string _file;
    private readonly JsonElement _value;

    private JsonField(string file, string name, JsonElement value)
    {
        _file = file;
        Name = name;
        _value = value;
    }

    /// <summary>Path of the value from the root, e.g. <c>model.vocab</c>.</summary>
    public string Name { get; }

    /// <summary>Kind of the value.</summary>
    public JsonValueKind Kind => _value.ValueKind;

    /// <summary>Parses a file. The field and all that comes from it are independent of the bytes.</summary>
    /// <exception cref="Checkpoints.InvalidCheckpointException">It is not JSON.</exception>
    public static JsonField Parse(string file, ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return new JsonField(file, "", document.RootElement.Clone());
        }
        catch (JsonException error)
        {
            throw new Checkpoints.InvalidCheckpointException(file, "JSON", $"{error.Message} The file is damaged or not JSON.");
        }
    }

    /// <summary>The member of an object, or null when it is absent or null.</summary>
    public JsonField? Find(string key)
    {
        Require(JsonValueKind.Object, "an object");
        return _value.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonField(_file, Name.Length == 0 ? key : $"{Name}.{key}", value)
            : null;
    }

    /// <summary>The member of an object.</summary>
    public JsonField Get(string key) => Find(key) ?? throw Error($"has no \"{key}\"");

    /// <summary>The text.</summary>
    public string Text()
    {
        Require(JsonValueKind.String, "a text");
        return Read(_value, static value => value.GetString()!);
    }

    /// <summary>The number, not below zero.</summary>
    public int Count(int limit)
    {
        if (_value.ValueKind != JsonValueKind.Number || !_value.TryGetInt32(out int number) || number < 0 || number >= limit)
        {
            throw Error($"must be a whole number from 0 to {limit - 1}, not {Short()}");
        }

        return number;
    }

    /// <summary>The truth value.</summary>
    public bool Flag() => _value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error($"must be true or false, not {Short()}"),
    };

    /// <summary>The truth value of a member, or the default when it is absent or null.</summary>
    public bool Flag(string key, bool absent = false) => Find(key)?.Flag() ?? absent;

    /// <summary>Number of elements of an array.</summary>
    public int Length()
    {
        Require(JsonValueKind.Array, "an array");
        return _value.GetArrayLength();
    }

    /// <summary>The elements of an array.</summary>
    public IEnumerable<JsonField> Items()
    {
        Require(JsonValueKind.Array, "an array");
        int index = 0;
        foreach (JsonElement item in _value.EnumerateArray())
        {
            yield return new JsonField(_file, $"{Name}[{index++}]", item);
        }
    }

    /// <summary>The members of an object.</summary>
    public IEnumerable<(string Key, JsonField Value)> Members()
    {
        Require(JsonValueKind.Object, "an object");
        foreach (JsonProperty member in _value.EnumerateObject())
        {
            string key = Read(member, static property => property.Name);
            yield return (key, new JsonField(_file, Name, member.Value));
        }
    }

    /// <summary>An error at this place.</summary>
    public Checkpoints.InvalidCheckpointException Error(string reason) => new(_file, Name.Length == 0 ? "root" : Name, reason);

    private T Read<TSource, T>(TSource source, Func<TSource, T> read)
    {
        try
        {
            return read(source);
        }
        catch (InvalidOperationException)
        {
            throw Error("is not valid Unicode text");
        }
    }

    private void Require(JsonValueKind kind, string expected)
    {
        if (_value.ValueKind != kind)
        {
            throw Error($"must be {expected}, not {Short()}");
        }
    }

    private string Short()
    {
        string raw = _value.GetRawText();
        return raw.Length <= 40 ? raw : $"{raw[..40]}...";
    }
}
