using System.Text.Json.Nodes;
using Moiety.Models.Templates;

namespace Moiety.Models.Tests.Templates;

/// <summary>Templates that ask for numbers and texts beyond all measure.</summary>
public class TemplateLimitTests
{
    [Fact]
    public void A_long_separator_of_many_items_is_refused_before_it_is_written() => Assert.Throws<InvalidTemplateException>(() =>
        Render("{{ range(100000) | tojson(separators=('x' * 1000000, ':')) }}"));

    [Theory]
    [InlineData("{{ [1, 2, 3][1::9223372036854775807] }}", "[2]")]
    [InlineData("{{ [1, 2, 3][::-9223372036854775807] }}", "[3]")]
    [InlineData("{{ 'abc'[2::9223372036854775807] }}", "c")]
    [InlineData("{{ [1, 2, 3][::2] }}", "[1, 3]")]
    [InlineData("{{ [1, 2, 3][::-2] }}", "[3, 1]")]
    public void A_step_beyond_the_ends_is_a_slice_of_one(string template, string expected) => Assert.Equal(expected, Render(template));

    private static string Render(string template) => Template.Parse(template).Render(new JsonObject(), cancellationToken: TestContext.Current.CancellationToken);
}
