namespace Moiety.Models.Tests.Templates;

/// <summary>The language, piece by piece, against Jinja2.</summary>
public class TemplateLanguageTests
{
    public static TheoryData<string> Cases => [.. TemplateFixtures.Read("language.json")["cases"]!.AsArray().Select(item => item!["template"]!.GetValue<string>())];

    private static Dictionary<string, string?> Expected { get; } = TemplateFixtures.Read("language.json")["cases"]!.AsArray()
        .ToDictionary(item => item!["template"]!.GetValue<string>(), item => item!["expected"]?.GetValue<string>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_template_gives_what_Jinja2_gives(string template) =>
        Assert.Equal(Expected[template], TemplateFixtures.Render(template, TemplateFixtures.Read("language.json")["variables"]!.AsObject()));
}
