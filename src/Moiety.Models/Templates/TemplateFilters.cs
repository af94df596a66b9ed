namespace Moiety.Models.Templates;

/// <summary>All filters by name.</summary>
internal static class TemplateFilters
{
    /// <summary>Applies a filter.</summary>
    /// <exception cref="InvalidTemplateException">There is no such filter, or it cannot take the value.</exception>
    public static object? Apply(string name, object? value, TemplateArguments arguments)
    {
        arguments.Budget.Step();
        if (name is "default" or "d")
        {
            bool missing = value is Undefined || arguments.Flag(1, "boolean", false) && !TemplateValues.IsTrue(value);
            return missing ? arguments.Has(0, "default_value") ? arguments.Get(0, "default_value") : "" : value;
        }

        return TextFilters.TryApply(name, value, arguments, out object? text) ? text
            : ListFilters.TryApply(name, value, arguments, out object? list) ? list
            : throw arguments.Error($"there is no filter \"{name}\"");
    }
}
