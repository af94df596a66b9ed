using System.Collections.Immutable;
using System.Text.Json;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// A JSON object of a checkpoint, read field by field with errors that name the file, the field, what was found and what
/// was expected. An absent field and a null are the same.
/// </summary>
internal sealed class JsonFields
{
    private const int MaxBytes = 64 << 20;
    private readonly string _prefix;
    private readonly JsonElement _element;

    private JsonFields(string path, string prefix, JsonElement element)
    {
        Path = path;
        _prefix = prefix;
        _element = element;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Reads a JSON file whose root is an object.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, is no JSON, or its root is no object.</exception>
    public static JsonFields Read(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length > MaxBytes)
        {
            throw new InvalidCheckpointException(path, "file", $"{file.Length} bytes are too many for a configuration (at most {MaxBytes})");
        }

        return Parse(path, file.Bytes(0, (int)file.Length).ToArray());
    }

    /// <summary>Parses JSON text whose root is an object.</summary>
    /// <exception cref="InvalidCheckpointException">It is no JSON, or its root is no object.</exception>
    public static JsonFields Parse(string path, ReadOnlyMemory<byte> utf8)
    {
        JsonElement root = ParseElement(path, "JSON", utf8);
        return root.ValueKind == JsonValueKind.Object
            ? new JsonFields(path, "", root)
            : throw new InvalidCheckpointException(path, "JSON", $"the root is {Kind(root)}, not an object");
    }

    /// <summary>Parses JSON text; duplicate properties are errors.</summary>
    /// <exception cref="InvalidCheckpointException">It is no JSON.</exception>
    public static JsonElement ParseElement(string path, string field, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            // The clone outlives the document, whose pooled buffer is returned here.
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.Clone();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with an unpaired surrogate or broken UTF-8.
            throw new InvalidCheckpointException(path, field, $"it is not valid JSON: {error.Message}");
        }
    }

    /// <summary>The text of a string, or null when its escapes or its UTF-8 are broken.</summary>
    public static string? TryText(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A value as messages show it: short, whatever is in it.</summary>
    public static string Show(JsonElement element)
    {
        const int Longest = 60;
        try
        {
            string text = element.GetRawText();
            return text.Length <= Longest ? text : $"{text[..Longest]}…";
        }
        catch (InvalidOperationException)
        {
            return "text that is not valid UTF-8";
        }
    }

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>An integer, or null when absent.</summary>
    public int? Int32(string name) => Find(name) is { } value ? AsInt32(name, value) : null;

    /// <summary>An integer that must be there.</summary>
    public int RequiredInt32(string name) => Int32(name) ?? throw Missing(name);

    /// <summary>A number, or null when absent.</summary>
    public float? Single(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number) ? number
        : throw Unexpected(name, value, "a number");

    /// <summary>True or false, or null when absent.</summary>
    public bool? Boolean(string name) => Find(name) is { } value ? AsBoolean(name, value) : null;

    /// <summary>A text, or null when absent.</summary>
    public string? Text(string name) => Find(name) is { } value ? AsText(name, value) : null;

    /// <summary>An object, or null when absent.</summary>
    public JsonFields? Object(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonFields(Path, $"{_prefix}{name}.", value)
        : throw Unexpected(name, value, "an object");

    /// <summary>One integer or a list of them, or null when absent.</summary>
    public ImmutableArray<int>? Int32List(string name) => List(name, AsInt32, out _);

    /// <summary>One value for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    public ImmutableArray<int>? Int32PerItem(string name, int count) => PerItem(name, count, AsInt32);

    /// <summary>One value for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    public ImmutableArray<bool>? BooleanPerItem(string name, int count) => PerItem(name, count, AsBoolean);

    /// <summary>One value for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    public ImmutableArray<string>? TextPerItem(string name, int count) => PerItem(name, count, AsText);

    /// <summary>The fields of the object.</summary>
    public IEnumerable<JsonProperty> Entries() => _element.EnumerateObject();

    /// <summary>Whether the field is a list.</summary>
    public bool IsList(string name) => Find(name) is { ValueKind: JsonValueKind.Array };

    /// <summary>The error that a field's value calls for.</summary>
    public InvalidCheckpointException Error(string name, string reason) => new(Path, $"{_prefix}{name}", reason);

    private ImmutableArray<T>? PerItem<T>(string name, int count, Func<string, JsonElement, T> read)
    {
        if (List(name, read, out bool isList) is not { } values)
        {
            return null;
        }

        if (!isList)
        {
            return [.. Enumerable.Repeat(values[0], count)];
        }

        return values.Length == count ? values : throw Error(name, $"the list has {values.Length} entries, {count} are needed");
    }

    private ImmutableArray<T>? List<T>(string name, Func<string, JsonElement, T> read, out bool isList)
    {
        isList = false;
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return [read(name, value)];
        }

        isList = true;
        return [.. value.EnumerateArray().Select((item, index) => read($"{name}[{index}]", item))];
    }

    private int AsInt32(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Unexpected(name, value, "an integer of 32 bits");

    private bool AsBoolean(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Unexpected(name, value, "true or false"),
    };

    private string AsText(string name, JsonElement value) =>
        (value.ValueKind == JsonValueKind.String ? TryText(value) : null) ?? throw Unexpected(name, value, "a text");

    private JsonElement? Find(string name) =>
        _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private InvalidCheckpointException Missing(string name) => Error(name, "it is missing");

    private InvalidCheckpointException Unexpected(string name, JsonElement value, string expected) =>
        Error(name, $"found {Kind(value)}, expected {expected}");

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => Show(value),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };
}
