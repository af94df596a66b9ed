using System.Collections.Immutable;
using System.Text.Json;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Json;

/// <summary>
/// A value in a JSON file that somebody else wrote, with its place in the file: what does not fit is an error that names the
/// file, the path of the value, what was found and what was expected. An absent member and a null are the same.
/// </summary>
internal readonly struct JsonField
{
    private const int LargestConfiguration = 64 << 20;
    private readonly string _file;
    private readonly string _part;
    private readonly string _path;
    private readonly JsonElement _value;
    private readonly string? _hidden;

    private JsonField(string file, string part, string path, JsonElement value, string? hidden = null)
    {
        _hidden = hidden;
        _file = file;
        _part = part;
        _path = path;
        _value = value;
    }

    /// <summary>Whether the value is an object.</summary>
    public bool IsObject => Kind == JsonValueKind.Object;

    /// <summary>Whether the value is a text.</summary>
    public bool IsText => Kind == JsonValueKind.String;

    /// <summary>Whether the value is a list.</summary>
    public bool IsList => Kind == JsonValueKind.Array;

    /// <summary>Whether the value says that nothing is set: null, false, or an empty text, list or object.</summary>
    public bool IsUnset => Kind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => _value.ValueEquals(""),
        JsonValueKind.Array => _value.GetArrayLength() == 0,
        JsonValueKind.Object => _value.GetPropertyCount() == 0,
        _ => false,
    };

    private JsonValueKind Kind => _value.ValueKind;

    private string Name => _path.Length > 0 ? _path : $"{_part} root";

    /// <summary>Reads a file of settings, in which a repeated member is an error.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, is larger than 64 MiB, or is not JSON.</exception>
    public static JsonField Read(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return file.Length <= LargestConfiguration
            ? Parse(path, file.Bytes(0, (int)file.Length).ToArray())
            : throw new InvalidCheckpointException(path, "file", $"{file.Length} bytes are too many for a configuration (at most {LargestConfiguration})");
    }

    /// <summary>Parses JSON text. The field and all that comes from it are independent of the bytes.</summary>
    /// <param name="file">The file, for errors.</param>
    /// <param name="json">The text in UTF-8.</param>
    /// <param name="part">The part of the file that is JSON, for errors.</param>
    /// <param name="allowDuplicates">Whether an object may have two members of one name, which only a list of them tells apart.</param>
    /// <exception cref="InvalidCheckpointException">It is not JSON.</exception>
    public static JsonField Parse(string file, ReadOnlyMemory<byte> json, string part = "JSON", bool allowDuplicates = false)
    {
        try
        {
            // The clone outlives the document, whose pooled buffer is returned here.
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = allowDuplicates });
            return new JsonField(file, part, "", document.RootElement.Clone());
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with an unpaired surrogate or broken UTF-8.
            throw new InvalidCheckpointException(file, part, $"{error.Message} The file is damaged or not JSON.");
        }
    }

    /// <summary>The same value under a name that says more than its path.</summary>
    public JsonField Named(string name) => new(_file, _part, name, _value);

    /// <summary>The same object without a member that the caller has dealt with.</summary>
    public JsonField Without(string key) => new(_file, _part, _path, _value, key);

    /// <summary>The member of an object, or null when it is absent or null.</summary>
    public JsonField? Find(string key)
    {
        Require(JsonValueKind.Object, "an object");
        if (key == _hidden)
        {
            return null;
        }

        // Looking for a name decodes the escapes of those that begin alike.
        JsonElement value = Decode((_value, key), static at => at._value.TryGetProperty(at.key, out JsonElement found) ? found : default);
        return value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : new JsonField(_file, _part, PathOf(key), value);
    }

    /// <summary>The member of an object.</summary>
    public JsonField Get(string key) => Find(key) ?? throw Error(key, "it is missing");

    /// <summary>Whether a member is there and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The text.</summary>
    public string Text()
    {
        Require(JsonValueKind.String, "a text");
        return Decode(_value, static value => value.GetString()!);
    }

    /// <summary>The text of a member, or null when it is absent.</summary>
    public string? Text(string key) => Find(key)?.Text();

    /// <summary>The integer.</summary>
    public int Int32() => Kind == JsonValueKind.Number && _value.TryGetInt32(out int number) ? number : throw Unexpected("an integer of 32 bits");

    /// <summary>The integer of a member, or null when it is absent.</summary>
    public int? Int32(string key) => Find(key)?.Int32();

    /// <summary>The integer, from 0 to below the limit.</summary>
    public int Count(int limit) => Kind == JsonValueKind.Number && _value.TryGetInt32(out int number) && number >= 0 && number < limit
        ? number
        : throw Unexpected($"a whole number from 0 to {limit - 1}");

    /// <summary>The integer of 64 bits, not below zero.</summary>
    public long Size() => Kind == JsonValueKind.Number && _value.TryGetInt64(out long number) && number >= 0
        ? number
        : throw Unexpected("a whole number from 0");

    /// <summary>The number of a member, always finite, or null when it is absent.</summary>
    public float? Single(string key) => Find(key)?.Single();

    /// <summary>The number in double precision, always finite.</summary>
    public double Double() => Kind == JsonValueKind.Number && _value.TryGetDouble(out double number) && double.IsFinite(number)
        ? number
        : throw Unexpected("a number");

    /// <summary>The truth value.</summary>
    public bool Boolean() => Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Unexpected("true or false"),
    };

    /// <summary>The truth value of a member, or null when it is absent.</summary>
    public bool? Boolean(string key) => Find(key)?.Boolean();

    /// <summary>The truth value of a member, or another when it is absent.</summary>
    public bool Boolean(string key, bool absent) => Boolean(key) ?? absent;

    /// <summary>A member that is an object, or null when it is absent.</summary>
    public JsonField? Object(string key)
    {
        JsonField? member = Find(key);
        member?.Require(JsonValueKind.Object, "an object");
        return member;
    }

    /// <summary>Number of elements of a list.</summary>
    public int Length()
    {
        Require(JsonValueKind.Array, "a list");
        return _value.GetArrayLength();
    }

    /// <summary>The elements of a list.</summary>
    public IEnumerable<JsonField> Items()
    {
        Require(JsonValueKind.Array, "a list");
        int index = 0;
        foreach (JsonElement item in _value.EnumerateArray())
        {
            yield return new JsonField(_file, _part, $"{_path}[{index++}]", item);
        }
    }

    /// <summary>The members of an object whose names are data; errors in their values name the object.</summary>
    public IEnumerable<(string Key, JsonField Value)> Members()
    {
        Require(JsonValueKind.Object, "an object");
        foreach (JsonProperty member in _value.EnumerateObject())
        {
            string key = Decode(member, static property => property.Name);
            yield return (key, new JsonField(_file, _part, _path, member.Value));
        }
    }

    /// <summary>A member that is one integer or a list of them, or null when it is absent.</summary>
    public ImmutableArray<int>? Int32List(string key) => Find(key) is not { } field ? null
        : field.IsList ? [.. field.Items().Select(static item => item.Int32())]
        : [field.Int32()];

    /// <summary>A member with one value for all, or one for each of <paramref name="count"/>; null when it is absent.</summary>
    public ImmutableArray<int>? Int32PerItem(string key, int count) => PerItem(key, count, static item => item.Int32());

    /// <summary>A member with one value for all, or one for each of <paramref name="count"/>; null when it is absent.</summary>
    public ImmutableArray<bool>? BooleanPerItem(string key, int count) => PerItem(key, count, static item => item.Boolean());

    /// <summary>A member with one value for all, or one for each of <paramref name="count"/>; null when it is absent.</summary>
    public ImmutableArray<string>? TextPerItem(string key, int count) => PerItem(key, count, static item => item.Text());

    /// <summary>A member with one value for all, or one for each of <paramref name="count"/>; null when it is absent.</summary>
    public ImmutableArray<float>? SinglePerItem(string key, int count) => PerItem(key, count, static item => item.Single());

    /// <summary>The value as messages show it: short, and whatever is in it.</summary>
    public string Show()
    {
        const int Longest = 60;
        try
        {
            string text = _value.GetRawText();
            return text.Length <= Longest ? text : $"{text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)]}…";
        }
        catch (InvalidOperationException)
        {
            return "text that is not valid UTF-8";
        }
    }

    /// <summary>An error at this place.</summary>
    public InvalidCheckpointException Error(string reason) => new(_file, Name, reason);

    /// <summary>An error at the place of a member.</summary>
    public InvalidCheckpointException Error(string key, string reason) => new(_file, PathOf(key), reason);

    /// <summary>The number, always finite.</summary>
    public float Single() => Kind == JsonValueKind.Number && _value.TryGetSingle(out float number) && float.IsFinite(number)
        ? number
        : throw Unexpected("a number");

    private ImmutableArray<T>? PerItem<T>(string key, int count, Func<JsonField, T> read)
    {
        if (Find(key) is not { } field)
        {
            return null;
        }

        if (!field.IsList)
        {
            return [.. Enumerable.Repeat(read(field), count)];
        }

        return field.Length() == count
            ? [.. field.Items().Select(read)]
            : throw field.Error($"the list has {field.Length()} entries, {count} are needed");
    }

    private string PathOf(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private T Decode<TSource, T>(TSource source, Func<TSource, T> read)
    {
        try
        {
            return read(source);
        }
        catch (InvalidOperationException)
        {
            throw Error("it is not valid Unicode text");
        }
    }

    private void Require(JsonValueKind kind, string expected)
    {
        if (Kind != kind)
        {
            throw Unexpected(expected);
        }
    }

    private InvalidCheckpointException Unexpected(string expected) => Error(Kind switch
    {
        JsonValueKind.Object => $"found an object, expected {expected}: {Show()}",
        JsonValueKind.Array => $"found a list, expected {expected}: {Show()}",
        JsonValueKind.String => $"found a text, expected {expected}: {Show()}",
        _ => $"found {Show()}, expected {expected}",
    });
}
