using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Moiety.Models.Templates;

/// <summary>Turns JSON into the values of templates.</summary>
internal static class TemplateInput
{
    /// <summary>Reads a value.</summary>
    public static object? Read(JsonNode? node, TemplateBudget budget)
    {
        budget.Step();
        budget.Enter();
        object? value = node switch
        {
            null => null,
            JsonArray array => array.Select(item => Read(item, budget)).ToList(),
            JsonObject members => ReadObject(members, budget),
            _ => ReadValue(node),
        };
        budget.Leave();
        return value;
    }

    private static TemplateDictionary ReadObject(JsonObject members, TemplateBudget budget)
    {
        TemplateDictionary dictionary = new();
        foreach ((string name, JsonNode? value) in members)
        {
            dictionary.Set(name, Read(value, budget));
        }

        return dictionary;
    }

    private static object? ReadValue(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.String => node.GetValue<string>(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => ReadNumber(node.ToJsonString()),
        _ => null,
    };

    private static object ReadNumber(string text)
    {
        if (long.TryParse(text, CultureInfo.InvariantCulture, out long whole))
        {
            return whole;
        }

        // Python would keep all digits.
        return text.All(character => char.IsAsciiDigit(character) || character == '-')
            ? throw new InvalidInputException($"the number {text} is too large for a chat template: give it as a text.")
            : double.Parse(text, CultureInfo.InvariantCulture);
    }
}
