using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Templates.Syntax;

namespace Moiety.Models.Templates;

/// <summary>
/// A Jinja template as checkpoints carry it. It sees the values that it is given and nothing else: no file, no network, no object of
/// .NET; whatever it says, rendering ends within <see cref="TemplateLimits"/>.
/// </summary>
/// <remarks>
/// The language is that of Jinja 3 as Hugging Face sets it up for chat templates: <c>trim_blocks</c>, <c>lstrip_blocks</c>, loop
/// controls, <c>tojson</c> without HTML escapes, <c>raise_exception</c> and <c>strftime_now</c>. On purpose it differs in this: includes,
/// imports, inheritance and recursive loops are refused by name, and so are filters, tests and methods that chat templates do not use;
/// lists and dictionaries do not change; whole numbers have 64 bits; an attribute that Python's own objects would have is undefined;
/// upper and lower case go character by character (ﬁ stays ﬁ).
/// </remarks>
public sealed class Template
{
    private readonly ImmutableArray<Statement> _statements;
    private readonly TemplateLimits _limits;

    private Template(string source, ImmutableArray<Statement> statements, TemplateLimits limits)
    {
        Source = source;
        _statements = statements;
        _limits = limits;
    }

    /// <summary>The text of the template.</summary>
    public string Source { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="limits">What it may take, or null for the defaults.</param>
    /// <exception cref="InvalidTemplateException">It is malformed or too long; the message has the line.</exception>
    public static Template Parse(string source, TemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        limits ??= TemplateLimits.Default;
        return new Template(source, TemplateParser.Parse(source, limits), limits);
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">What it sees, as JSON.</param>
    /// <param name="clock">The time that <c>strftime_now</c> tells, or null for the system's.</param>
    /// <param name="cancellationToken">Stops the rendering.</param>
    /// <exception cref="InvalidTemplateException">It fails, refuses its input, or takes too much.</exception>
    /// <exception cref="InvalidInputException">The variables hold a key twice, half of a character, or a whole number of more than 64 bits.</exception>
    public string Render(JsonObject variables, TimeProvider? clock = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(variables);
        TemplateBudget budget = new(_limits, cancellationToken);
        TemplateScope globals = new(null);
        TemplateFunctions.AddTo(globals, clock ?? TimeProvider.System);
        foreach ((string name, JsonNode? value) in variables)
        {
            globals.Set(name, Read(name, value, budget));
        }

        return TemplateInterpreter.Render(_statements, new TemplateScope(globals), budget);
    }

    private static object? Read(string name, JsonNode? value, TemplateBudget budget)
    {
        try
        {
            return TemplateInput.Read(value, budget);
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // JSON that was parsed lazily shows only now that it has a key twice, or half of a character.
            throw new InvalidInputException($"{name}: this is no JSON for a chat template: {error.Message}");
        }
    }
}
