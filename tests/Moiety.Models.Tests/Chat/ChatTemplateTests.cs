using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Chat;
using Moiety.Models.Templates;

namespace Moiety.Models.Tests.Chat;

/// <summary>Which template is chosen, and what it sees.</summary>
public class ChatTemplateTests
{
    private const string Plain = "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}{% if add_generation_prompt %}>{% endif %}";

    private static readonly JsonArray Nothing = [];

    private static readonly JsonArray Tools = [new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "f" } }];

    [Fact]
    public void The_template_for_tools_is_chosen_when_there_are_tools()
    {
        ChatTemplate template = ChatTemplate.Parse(ImmutableDictionary.CreateRange<string, string>(
            [new("default", "plain"), new("tool_use", "{{ tools[0].function.name }}"), new("rag", "documents")]));
        Assert.Equal("plain", template.Render(Nothing));
        Assert.Equal("f", template.Render(Nothing, new ChatTemplateOptions { Tools = Tools }));
        Assert.Equal("plain", ChatTemplate.Parse("plain").Render(Nothing, new ChatTemplateOptions { Tools = Tools }));
    }

    [Fact]
    public void A_template_sees_the_messages_the_special_tokens_and_the_further_variables()
    {
        ChatTemplate template = ChatTemplate.Parse(Plain + "{{ thinking }}{{ tools is none }}{{ documents is none }}", new Dictionary<string, string> { ["bos_token"] = "<s>" });
        ChatMessage[] messages = [new("system", "s"), new("user", "u")];
        Assert.Equal("<s>system:s;user:u;>TrueTrue", template.Render(messages));
        ChatTemplateOptions options = new() { AddGenerationPrompt = false, Variables = new JsonObject { ["thinking"] = 3, ["bos_token"] = "[B]" } };
        Assert.Equal("[B]system:s;user:u;3TrueTrue", template.Render(messages, options));
    }

    [Fact]
    public void A_message_has_what_it_was_given_and_nothing_else()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ messages[0] }}");
        Assert.Equal("{'role': 'user', 'content': 'x'}", template.Render([new ChatMessage("user", "x")]));
        ChatMessage full = new("assistant", "c") { Name = "n", Reasoning = "r", ToolCallId = "i", ToolCalls = [new JsonObject { ["id"] = 1 }] };
        Assert.Equal("{'role': 'assistant', 'content': 'c', 'reasoning_content': 'r', 'tool_calls': [{'id': 1}], 'tool_call_id': 'i', 'name': 'n'}", template.Render([full]));
    }

    [Fact]
    public void What_is_given_is_not_changed_and_can_be_given_again()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set messages = messages[1:] %}{{ messages|length }}{{ tools|length }}");
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = "x" }];
        ChatTemplateOptions options = new() { Tools = Tools, Variables = new JsonObject { ["a"] = new JsonObject() } };
        Assert.Equal("01", template.Render(messages, options));
        Assert.Equal("01", template.Render(messages, options));
        Assert.Single(messages);
    }

    [Fact]
    public void A_malformed_template_names_its_line()
    {
        InvalidTemplateException error = Assert.Throws<InvalidTemplateException>(() => ChatTemplate.Parse("{% for m in messages %}\n{{ m.content }\n{% endfor %}"));
        Assert.Equal(2, error.Line);
        Assert.StartsWith("template, line 2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_tells_the_reason_of_the_template()
    {
        ChatTemplate template = ChatTemplate.Parse("\n{{ raise_exception('Roles must alternate') }}");
        InvalidTemplateException error = Assert.Throws<InvalidTemplateException>(() => template.Render(Nothing));
        Assert.Equal("template, line 2: it refuses the conversation: Roles must alternate.", error.Message);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/absolute")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_name_that_would_be_a_path_is_refused(string name)
    {
        ImmutableDictionary<string, string> sources = ImmutableDictionary<string, string>.Empty.Add("default", "x").Add(name, "y");
        Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse(sources));
    }

    [Fact]
    public void Without_a_default_template_there_is_none()
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse(ImmutableDictionary<string, string>.Empty.Add("rag", "x")));
        Assert.Contains("rag", error.Message, StringComparison.Ordinal);
    }
}
