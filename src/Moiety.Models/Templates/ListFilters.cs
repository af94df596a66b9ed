using System.Globalization;

namespace Moiety.Models.Templates;

/// <summary>Filters over lists and dictionaries.</summary>
internal static class ListFilters
{
    /// <summary>Applies a filter, or gives false when there is none of that name here.</summary>
    public static bool TryApply(string name, object? value, TemplateArguments arguments, out object? result)
    {
        TemplateBudget budget = arguments.Budget;

        // These take whatever counts as false as a list without items.
        IReadOnlyList<object?> ItemsIfAny() => TemplateValues.IsTrue(value) ? Items() : [];
        IReadOnlyList<object?> Items()
        {
            IReadOnlyList<object?> items = TemplateValues.Items(value, budget);
            budget.ScanItems(items.Count);
            return items;
        }

        result = name switch
        {
            "length" or "count" => TemplateValues.Length(value, budget),
            "first" => Items() is { Count: > 0 } items ? items[0] : new Undefined("the first item of nothing"),
            "last" => Items() is { Count: > 0 } items ? items[^1] : new Undefined("the last item of nothing"),
            "list" => Counted(Items(), budget),
            "items" => value is Undefined ? new List<object?>() : value is TemplateDictionary dictionary ? DictionaryMethods.Find(dictionary, "items")!.Call(arguments) : throw arguments.Error("items needs a dictionary"),
            "join" => Join(Items(), arguments),
            "reverse" => value is string text ? Reverse(text, budget) : Counted(Items().Reverse(), budget),
            "sort" => Sort(Items(), arguments),
            "dictsort" => SortDictionary(value as TemplateDictionary ?? throw arguments.Error("dictsort needs a dictionary"), arguments),
            "unique" => Unique(Items(), arguments),
            "sum" => Sum(Items(), arguments),
            "min" or "max" => Extreme(Items(), name == "max", arguments),
            "map" => Map(ItemsIfAny(), arguments),
            "select" or "reject" => Select(ItemsIfAny(), arguments, name == "select"),
            "selectattr" or "rejectattr" => SelectByAttribute(ItemsIfAny(), arguments, name == "selectattr"),
            "batch" => Batch(Items(), arguments),
            _ => budget,
        };
        return !ReferenceEquals(result, budget);
    }

    /// <summary>An attribute of an item: a name, several with dots, or an index.</summary>
    public static object? Attribute(object? item, object? path, TemplateBudget budget)
    {
        if (path is not string names)
        {
            return TemplateMembers.Item(item, path, budget);
        }

        for (int start = 0, end; start <= names.Length; start = end + 1)
        {
            budget.Step();
            end = names.IndexOf('.', start) is >= 0 and int dot ? dot : names.Length;
            string name = names[start..end];
            item = long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? TemplateMembers.Item(item, index, budget) : TemplateMembers.Item(item, name, budget);
        }

        return item;
    }

    private static List<object?> Counted(IEnumerable<object?> items, TemplateBudget budget)
    {
        List<object?> list = [.. items];
        budget.AllocateItems(list.Count);
        return list;
    }

    private static string Reverse(string text, TemplateBudget budget)
    {
        budget.Allocate(text.Length);
        return string.Concat(TemplateValues.Items(text, budget).Reverse());
    }

    private static string Join(IReadOnlyList<object?> items, TemplateArguments arguments)
    {
        string separator = arguments.Text(0, "d", "");
        object? attribute = arguments.Get(1, "attribute");
        TemplateBudget budget = arguments.Budget;
        string[] texts = [.. items.Select(item => TemplateText.Print(attribute is null ? item : Attribute(item, attribute, budget), budget))];
        budget.Allocate(((long)separator.Length * items.Count) + texts.Sum(text => (long)text.Length));
        return string.Join(separator, texts);
    }

    private static List<object?> Sort(IReadOnlyList<object?> items, TemplateArguments arguments)
    {
        TemplateBudget budget = arguments.Budget;
        bool reverse = arguments.Flag(0, "reverse", false);
        bool caseSensitive = arguments.Flag(1, "case_sensitive", false);
        object? attribute = arguments.Get(2, "attribute");
        return TemplateOrder.Sort(items, item => Key(attribute is null ? item : Attribute(item, attribute, budget), caseSensitive, budget), reverse, budget);
    }

    private static List<object?> SortDictionary(TemplateDictionary dictionary, TemplateArguments arguments)
    {
        TemplateBudget budget = arguments.Budget;
        bool caseSensitive = arguments.Flag(0, "case_sensitive", false);
        bool byValue = arguments.Text(1, "by", "key") == "value";
        bool reverse = arguments.Flag(2, "reverse", false);
        List<KeyValuePair<object?, object?>> sorted = TemplateOrder.Sort(dictionary.Pairs, pair => Key(byValue ? pair.Value : pair.Key, caseSensitive, budget), reverse, budget);
        return Counted(sorted.Select(pair => (object?)new TemplateTuple([pair.Key, pair.Value])), budget);
    }

    private static object? Key(object? value, bool caseSensitive, TemplateBudget budget)
    {
        if (value is not string text || caseSensitive)
        {
            return value;
        }

        budget.Allocate(text.Length);
        return TextFilters.Lower(text);
    }

    private static List<object?> Unique(IReadOnlyList<object?> items, TemplateArguments arguments)
    {
        TemplateBudget budget = arguments.Budget;
        bool caseSensitive = arguments.Flag(0, "case_sensitive", false);
        object? attribute = arguments.Get(1, "attribute");
        List<object?> keys = [];
        List<object?> unique = [];
        foreach (object? item in items)
        {
            object? key = Key(attribute is null ? item : Attribute(item, attribute, budget), caseSensitive, budget);
            if (!keys.Exists(other => TemplateValues.AreEqual(key, other, budget)))
            {
                keys.Add(key);
                unique.Add(item);
            }
        }

        budget.AllocateItems(unique.Count);
        return unique;
    }

    private static object? Sum(IReadOnlyList<object?> items, TemplateArguments arguments)
    {
        object? attribute = arguments.Get(0, "attribute");
        object? sum = arguments.Has(1, "start") ? arguments.Get(1, "start") : 0L;
        foreach (object? item in items)
        {
            sum = TemplateOperators.Apply("+", sum, attribute is null ? item : Attribute(item, attribute, arguments.Budget), arguments.Budget);
        }

        return sum;
    }

    private static object? Extreme(IReadOnlyList<object?> items, bool largest, TemplateArguments arguments)
    {
        TemplateBudget budget = arguments.Budget;
        bool caseSensitive = arguments.Flag(0, "case_sensitive", false);
        object? attribute = arguments.Get(1, "attribute");
        object? KeyOf(object? item) => Key(attribute is null ? item : Attribute(item, attribute, budget), caseSensitive, budget);
        object? best = items.Count == 0 ? new Undefined("the extreme of nothing") : items[0];
        foreach (object? item in items.Skip(1))
        {
            int order = TemplateValues.Compare(KeyOf(item), KeyOf(best), budget);
            best = largest ? order > 0 ? item : best : order < 0 ? item : best;
        }

        return best;
    }

    private static List<object?> Map(IReadOnlyList<object?> items, TemplateArguments arguments)
    {
        TemplateBudget budget = arguments.Budget;
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
        {
            return Counted(items.Select(item => Attribute(item, attribute, budget) is var found && found is Undefined && arguments.Named.TryGetValue("default", out object? otherwise) ? otherwise : found), budget);
        }

        string name = arguments.Text(0, "filter", "");
        TemplateArguments rest = Rest(arguments, 1, name);
        return Counted(items.Select(item => TemplateFilters.Apply(name, item, rest)), budget);
    }

    private static List<object?> Select(IReadOnlyList<object?> items, TemplateArguments arguments, bool wanted)
    {
        string? name = arguments.Has(0, "test") ? arguments.Text(0, "test", "") : null;
        TemplateArguments rest = Rest(arguments, 1, name ?? "select");
        return Counted(items.Where(item => (name is null ? TemplateValues.IsTrue(item) : TemplateTests.Apply(name, item, rest)) == wanted), arguments.Budget);
    }

    private static List<object?> SelectByAttribute(IReadOnlyList<object?> items, TemplateArguments arguments, bool wanted)
    {
        object? attribute = arguments.Require(0, "attribute");
        string? name = arguments.Has(1, "test") ? arguments.Text(1, "test", "") : null;
        TemplateArguments rest = Rest(arguments, 2, name ?? "selectattr");
        return Counted(items.Where(item =>
        {
            object? value = Attribute(item, attribute, arguments.Budget);
            return (name is null ? TemplateValues.IsTrue(value) : TemplateTests.Apply(name, value, rest)) == wanted;
        }), arguments.Budget);
    }

    private static List<object?> Batch(IReadOnlyList<object?> items, TemplateArguments arguments)
    {
        long size = arguments.Integer(0, "linecount", 0);
        if (size < 1)
        {
            throw arguments.Error("batch needs a positive number");
        }

        List<object?> batches = [];
        foreach (object?[] batch in items.Chunk((int)Math.Min(size, int.MaxValue)))
        {
            List<object?> row = Counted(batch, arguments.Budget);
            while (arguments.Get(1, "fill_with") is { } fill && row.Count < size)
            {
                arguments.Budget.AllocateItems(1);
                row.Add(fill);
            }

            batches.Add(row);
        }

        return batches;
    }

    private static TemplateArguments Rest(TemplateArguments arguments, int from, string name) =>
        new(name, arguments.Positional.Length > from ? arguments.Positional[from..] : [], new Dictionary<string, object?>(arguments.Named, StringComparer.Ordinal), arguments.Budget);
}
