namespace Moiety.Models.Templates;

/// <summary>The methods of dictionaries that change nothing.</summary>
internal static class DictionaryMethods
{
    /// <summary>A method, or null when there is none of that name.</summary>
    public static TemplateFunction? Find(TemplateDictionary dictionary, string name) => name switch
    {
        "keys" => new(name, arguments => List(dictionary.Pairs.Select(pair => pair.Key), arguments)),
        "values" => new(name, arguments => List(dictionary.Pairs.Select(pair => pair.Value), arguments)),
        "items" => new(name, arguments => List(dictionary.Pairs.Select(pair => (object?)new TemplateTuple([pair.Key, pair.Value])), arguments)),
        "get" => new(name, arguments => dictionary.TryGet(arguments.Require(0, "key"), out object? value) ? value : arguments.Get(1, "default")),
        _ => null,
    };

    private static List<object?> List(IEnumerable<object?> items, TemplateArguments arguments)
    {
        List<object?> list = [.. items];
        arguments.Budget.AllocateItems(list.Count);
        return list;
    }
}
