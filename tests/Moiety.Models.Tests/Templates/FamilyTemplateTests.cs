using System.Text.Json.Nodes;
using Moiety.Models.Chat;

namespace Moiety.Models.Tests.Templates;

/// <summary>Conversations in the templates of public families read as Jinja2 writes them, to the letter.</summary>
public class FamilyTemplateTests
{
    private static readonly Dictionary<string, string> Tokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    public static TheoryData<string> Families => [.. TemplateFixtures.Read("expected.json").Select(family => family.Key)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_conversation_reads_as_in_Jinja2(string family)
    {
        ChatTemplate template = ChatTemplate.Parse(TemplateFixtures.Family(family), Tokens);
        foreach ((string name, JsonNode? expected) in TemplateFixtures.Read("expected.json")[family]!.AsObject())
        {
            Assert.Equal((name, expected?.GetValue<string>()), (name, Render(template, name)));
        }
    }

    [Fact]
    public void At_least_24_families_are_compared_and_none_refuses_everything()
    {
        JsonObject expected = TemplateFixtures.Read("expected.json");
        Assert.True(expected.Count >= 24);
        Assert.All(expected, family => Assert.True(family.Value!.AsObject().Count(text => text.Value is not null) >= 5, family.Key));
    }

    // @huggingface/jinja knows no "with", which the template of all constructs has; else it reads nearly everything as Jinja2 does.
    [Fact]
    public void A_second_implementation_agrees_in_at_least_three_quarters_of_the_conversations_of_every_family()
    {
        JsonObject differences = TemplateFixtures.Read("differences.json")["families"]!.AsObject();
        int conversations = TemplateFixtures.Read("conversations.json").Count;
        Assert.All(differences.Where(family => family.Key != "constructs"), family => Assert.True(family.Value!.AsArray().Count <= conversations / 4, family.Key));
    }

    private static string? Render(ChatTemplate template, string conversation)
    {
        JsonObject given = TemplateFixtures.Read("conversations.json")[conversation]!.DeepClone().AsObject();
        given.Remove("messages", out JsonNode? messages);
        given.Remove("tools", out JsonNode? tools);
        given.Remove("add_generation_prompt", out JsonNode? prompt);
        try
        {
            return template.Render(messages!.AsArray(), new ChatTemplateOptions
            {
                Tools = tools?.AsArray(),
                AddGenerationPrompt = prompt!.GetValue<bool>(),
                Variables = given,
                Clock = TemplateFixtures.Clock.Fixed,
            });
        }
        catch (Moiety.Models.Templates.InvalidTemplateException)
        {
            return null;
        }
    }
}
