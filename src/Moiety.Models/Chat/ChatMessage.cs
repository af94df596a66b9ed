using System.Text.Json.Nodes;

namespace Moiety.Models.Chat;

/// <summary>One message of a conversation, as chat templates see it.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, or what else the template knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The calls of tools that an assistant makes, in OpenAI's form, or null.</summary>
    public JsonArray? ToolCalls { get; init; }

    /// <summary>Which call a tool's message answers, or null.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Name of the speaker or of the tool, or null.</summary>
    public string? Name { get; init; }

    /// <summary>What an assistant thought before it spoke, where the template tells it from the answer; or null.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The message as JSON, without what is null.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = new() { ["role"] = Role, ["content"] = Content };
        if (Reasoning is not null)
        {
            json["reasoning_content"] = Reasoning;
        }

        if (ToolCalls is not null)
        {
            json["tool_calls"] = ToolCalls.DeepClone();
        }

        if (ToolCallId is not null)
        {
            json["tool_call_id"] = ToolCallId;
        }

        if (Name is not null)
        {
            json["name"] = Name;
        }

        return json;
    }
}
