using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The key-value pairs of a GGUF file in the order of the file, read with errors that name the file, the key, what was found
/// and what was expected.
/// </summary>
public sealed class GgufMetadata
{
    private readonly Dictionary<string, GgufValue> _values = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];

    /// <summary>An empty set of pairs.</summary>
    /// <param name="path">The file, for messages.</param>
    public GgufMetadata(string path) => Path = path;

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>The keys in order.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>The value of a key, or null when absent.</summary>
    public GgufValue? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>Sets a value; a new key goes to the end, a null changes nothing.</summary>
    public void Set(string key, GgufValue? value)
    {
        if (value is null)
        {
            return;
        }

        if (_values.TryAdd(key, value))
        {
            _keys.Add(key);
        }
        else
        {
            _values[key] = value;
        }
    }

    /// <summary>A text, or null when absent.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    public string? Text(string key) => Get<string>(key, "a text");

    /// <summary>A text that must be there.</summary>
    /// <exception cref="InvalidCheckpointException">It is missing or something else.</exception>
    public string RequiredText(string key) => Text(key) ?? throw Missing(key);

    /// <summary>An integer of any width that fits 32 signed bits, or null when absent.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else, or does not fit.</exception>
    public int? Int32(string key) => Find(key) is not { } value ? null : ToInt32(value.Content) ?? throw Unexpected(key, value, "an integer of 32 bits");

    /// <summary>An integer that must be there.</summary>
    /// <exception cref="InvalidCheckpointException">It is missing or something else.</exception>
    public int RequiredInt32(string key) => Int32(key) ?? throw Missing(key);

    /// <summary>A number, or null when absent.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else, or not finite.</exception>
    public float? Single(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        float? number = value.Content switch
        {
            float single => single,
            double wide => (float)wide,
            _ => null,
        };
        return number is { } finite && float.IsFinite(finite) ? finite : throw Unexpected(key, value, "a finite number");
    }

    /// <summary>A number that must be there.</summary>
    /// <exception cref="InvalidCheckpointException">It is missing or something else.</exception>
    public float RequiredSingle(string key) => Single(key) ?? throw Missing(key);

    /// <summary>True or false, or null when absent.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    public bool? Boolean(string key) => Find(key) is not { } value ? null : value.Content as bool? ?? throw Unexpected(key, value, "true or false");

    /// <summary>An array of texts, or null when absent. The array belongs to the metadata: do not change it.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    public string[]? Texts(string key) => Get<string[]>(key, "an array of texts");

    /// <summary>An array of numbers, or null when absent. The array belongs to the metadata: do not change it.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    public float[]? Singles(string key) => Get<float[]>(key, "an array of 32-bit numbers");

    /// <summary>An array of bytes, or null when absent.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    public byte[]? Bytes(string key) => Find(key) is not { } value ? null : value.Content switch
    {
        byte[] bytes => bytes,
        sbyte[] bytes => [.. bytes.Select(number => unchecked((byte)number))],
        _ => throw Unexpected(key, value, "an array of bytes"),
    };

    /// <summary>An array of integers of any width that fit 32 signed bits, or null when absent.</summary>
    /// <exception cref="InvalidCheckpointException">It is something else.</exception>
    public int[]? Int32s(string key) => Find(key) is not { } value ? null : ToInt32s(value) ?? throw Unexpected(key, value, "an array of integers of 32 bits");

    /// <summary>One integer for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    internal ImmutableArray<int>? Int32PerItem(string key, int count)
    {
        if (Find(key) is not { Type: GgufValueType.Array } value)
        {
            return Int32(key) is { } single ? [.. Enumerable.Repeat(single, count)] : null;
        }

        int[] values = Int32s(key)!;
        return values.Length == count ? [.. values] : throw Error(key, $"the array has {values.Length} entries, {count} are needed");
    }

    /// <summary>One value for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    internal ImmutableArray<bool>? BooleanPerItem(string key, int count)
    {
        if (Find(key) is not { Type: GgufValueType.Array } value)
        {
            return Boolean(key) is { } single ? [.. Enumerable.Repeat(single, count)] : null;
        }

        bool[] values = value.Content as bool[] ?? throw Unexpected(key, value, "an array of true and false");
        return values.Length == count ? [.. values] : throw Error(key, $"the array has {values.Length} entries, {count} are needed");
    }

    /// <summary>One finite number for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    internal ImmutableArray<float>? SinglePerItem(string key, int count)
    {
        if (Find(key) is not { Type: GgufValueType.Array })
        {
            return Single(key) is { } single ? [.. Enumerable.Repeat(single, count)] : null;
        }

        float[] values = Singles(key)!;
        return values.Length != count ? throw Error(key, $"the array has {values.Length} entries, {count} are needed")
            : values.All(float.IsFinite) ? [.. values]
            : throw Error(key, "a number is not finite");
    }

    /// <summary>The error that a key's value calls for.</summary>
    internal InvalidCheckpointException Error(string key, string reason) => new(Path, key, reason);

    private T? Get<T>(string key, string expected) where T : class =>
        Find(key) is not { } value ? null : value.Content as T ?? throw Unexpected(key, value, expected);

    private static int? ToInt32(object content) => content switch
    {
        byte number => number,
        sbyte number => number,
        ushort number => number,
        short number => number,
        uint number when number <= int.MaxValue => (int)number,
        int number => number,
        ulong number when number <= int.MaxValue => (int)number,
        long number when number is >= int.MinValue and <= int.MaxValue => (int)number,
        _ => null,
    };

    private static int[]? ToInt32s(GgufValue value)
    {
        // To the runtime an array of unsigned numbers is one of signed ones too, so the type is asked of the file.
        if (value.ElementType == GgufValueType.Int32 && value.Content is int[] plain)
        {
            return plain;
        }

        if (value.Content is not Array array || value.ElementType is null)
        {
            return null;
        }

        int[] numbers = new int[array.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (ToInt32(array.GetValue(i)!) is not { } number)
            {
                return null;
            }

            numbers[i] = number;
        }

        return numbers;
    }

    private InvalidCheckpointException Missing(string key) => Error(key, "the key is missing");

    private InvalidCheckpointException Unexpected(string key, GgufValue value, string expected)
    {
        string found = value.Type == GgufValueType.Array ? $"array of {value.ElementType}" : $"{value.Type}";
        return Error(key, $"found {found}, expected {expected}");
    }
}
