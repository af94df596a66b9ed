using System.Text.Json.Nodes;
using Moiety.Models.Templates;

namespace Moiety.Models.Tests.Templates;

/// <summary>Templates, conversations and what Jinja2 makes of them; <c>tests/fixtures/scripts/make_template_fixtures.py</c> wrote the outputs.</summary>
internal static class TemplateFixtures
{
    /// <summary>The folder of the fixtures.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "fixtures", "templates");

    /// <summary>Reads a file of the folder.</summary>
    public static JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name)))!.AsObject();

    /// <summary>The template of a family.</summary>
    public static string Family(string name) => File.ReadAllText(Path.Combine(Folder, "families", $"{name}.jinja"));

    /// <summary>Renders, at the moment at which the fixtures were made; null when the template refuses.</summary>
    public static string? Render(string template, JsonObject variables)
    {
        try
        {
            return Template.Parse(template).Render(variables, Clock.Fixed);
        }
        catch (InvalidTemplateException)
        {
            return null;
        }
    }

    /// <summary>A clock that stands still.</summary>
    internal sealed class Clock : TimeProvider
    {
        public static Clock Fixed { get; } = new();

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 7, 9, 5, 4, TimeSpan.Zero);
    }
}
