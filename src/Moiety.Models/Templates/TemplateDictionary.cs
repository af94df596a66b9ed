using System.Globalization;

namespace Moiety.Models.Templates;

/// <summary>A dictionary that keeps the order of its keys, as Python's does. Keys are texts, numbers, truth values or none.</summary>
internal sealed class TemplateDictionary
{
    private readonly Dictionary<object, int> _places = [];
    private readonly List<KeyValuePair<object?, object?>> _pairs = [];

    /// <summary>Number of keys.</summary>
    public int Count => _pairs.Count;

    /// <summary>The pairs in the order in which the keys came.</summary>
    public IReadOnlyList<KeyValuePair<object?, object?>> Pairs => _pairs;

    /// <summary>Whether a value can be a key.</summary>
    public static bool CanBeKey(object? value) => value is null or bool or long or double or string;

    /// <summary>Sets the value of a key.</summary>
    public void Set(object? key, object? value)
    {
        object place = Place(key);
        if (_places.TryGetValue(place, out int index))
        {
            _pairs[index] = new(_pairs[index].Key, value);
            return;
        }

        _places.Add(place, _pairs.Count);
        _pairs.Add(new(key, value));
    }

    /// <summary>Finds the value of a key.</summary>
    public bool TryGet(object? key, out object? value)
    {
        value = null;
        if (!CanBeKey(key) || !_places.TryGetValue(Place(key), out int index))
        {
            return false;
        }

        value = _pairs[index].Value;
        return true;
    }

    // 1, 1.0 and true are the same key. Numbers are found by their text, whose hash nobody outside can foresee: a template could choose
    // numbers with the same hash.
    private static object Place(object? key) => key switch
    {
        null => new NumberKey("none"),
        bool flag => new NumberKey(flag ? "1" : "0"),
        long number => new NumberKey(number.ToString(CultureInfo.InvariantCulture)),
        double number when Math.Truncate(number) == number && Math.Abs(number) < 9.2e18 => new NumberKey(((long)number).ToString(CultureInfo.InvariantCulture)),
        double number => new NumberKey(number.ToString("R", CultureInfo.InvariantCulture)),
        _ => key,
    };

    private readonly record struct NumberKey(string Text);
}
