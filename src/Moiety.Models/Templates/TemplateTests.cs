namespace Moiety.Models.Templates;

/// <summary>All tests (<c>x is name</c>) by name.</summary>
internal static class TemplateTests
{
    /// <summary>Applies a test.</summary>
    /// <exception cref="InvalidTemplateException">There is no such test, or it cannot take the value.</exception>
    public static bool Apply(string name, object? value, TemplateArguments arguments)
    {
        TemplateBudget budget = arguments.Budget;
        budget.Step();
        budget.Scan((value as string)?.Length ?? 0);
        object? Other() => arguments.Require(0, "other");
        return name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "true" => value is true,
            "false" => value is false,
            "boolean" => value is bool,
            "string" => value is string,
            "number" => value is long or double or bool,
            "integer" => value is long,
            "float" => value is double,
            "mapping" => value is TemplateDictionary,
            "iterable" => value is string or List<object?> or TemplateTuple or TemplateDictionary or Undefined,
            "sequence" => value is string or List<object?> or TemplateTuple or TemplateDictionary or Undefined,
            "callable" => value is TemplateFunction,
            "odd" => Integer(value, arguments) % 2 != 0,
            "even" => Integer(value, arguments) % 2 == 0,
            "divisibleby" => TemplateOperators.Apply("%", Integer(value, arguments), Integer(Other(), arguments), budget) is 0L,
            "eq" or "equalto" or "==" or "sameas" => TemplateValues.AreEqual(value, Other(), budget) && (name != "sameas" || value?.GetType() == Other()?.GetType()),
            "ne" or "!=" => !TemplateValues.AreEqual(value, Other(), budget),
            "lt" or "lessthan" or "<" => TemplateValues.Compare(value, Other(), budget) < 0,
            "le" or "<=" => TemplateValues.Compare(value, Other(), budget) <= 0,
            "gt" or "greaterthan" or ">" => TemplateValues.Compare(value, Other(), budget) > 0,
            "ge" or ">=" => TemplateValues.Compare(value, Other(), budget) >= 0,
            "in" => TemplateOperators.Contains(Other(), value, budget),
            "upper" => value is string text && TextSearch.IsAll(text, upper: true),
            "lower" => value is string text && TextSearch.IsAll(text, upper: false),
            "startingwith" => value is string text && text.StartsWith(arguments.Text(0, "other", ""), StringComparison.Ordinal),
            "endingwith" => value is string text && text.EndsWith(arguments.Text(0, "other", ""), StringComparison.Ordinal),
            "containing" => TemplateOperators.Contains(value, Other(), budget),
            _ => throw arguments.Error($"there is no test \"{name}\""),
        };
    }

    private static long Integer(object? value, TemplateArguments arguments) =>
        value is long or bool ? TemplateValues.ToInteger(value) : throw arguments.Error($"a whole number is needed, not {TemplateValues.TypeName(value)}");
}
